import { parts } from '../bot/args.ts';
import { command } from '../bot/command.ts';
import { phrases } from '../bot/phrases.ts';
import { Refusal } from '../bot/refusal.ts';
import { POLL_LIMITS } from '../bot/send/say.ts';

const { questionLength, optionLength, fewestOptions, mostOptions } = POLL_LIMITS;

export default command({
  name: 'poll',
  summary: 'asks the chat: Lunch? | pizza | soup',
  // The question is one of the parts.
  args: { question: parts(1 + fewestOptions, 1 + mostOptions) },
  cooldownSeconds: 10,
  async run(ctx) {
    const [question = '', ...options] = ctx.args.question;
    if (question.length > questionLength) throw new Refusal(phrases.pollQuestionTooLong(questionLength));
    if (options.some((option) => option.length > optionLength))
      throw new Refusal(phrases.pollOptionTooLong(optionLength));
    if (new Set(options).size < options.length) throw new Refusal(phrases.pollOptionsEqual);
    await ctx.poll(question, options);
  },
});
