import { parts } from '../bot/args.ts';
import { command } from '../bot/command.ts';
import { phrases } from '../bot/phrases.ts';
import { Refusal } from '../bot/refusal.ts';

// What WhatsApp takes.
const MAX_QUESTION_LENGTH = 255;
const MAX_OPTION_LENGTH = 100;

export default command({
  name: 'poll',
  summary: 'asks the chat: Lunch? | pizza | soup',
  // A question and 2 to 12 options, as many as WhatsApp takes.
  args: { question: parts(3, 13) },
  cooldownSeconds: 10,
  async run(ctx) {
    const [question = '', ...options] = ctx.args.question;
    if (question.length > MAX_QUESTION_LENGTH)
      throw new Refusal(phrases.pollQuestionTooLong(MAX_QUESTION_LENGTH));
    if (options.some((option) => option.length > MAX_OPTION_LENGTH))
      throw new Refusal(phrases.pollOptionTooLong(MAX_OPTION_LENGTH));
    if (new Set(options).size < options.length) throw new Refusal(phrases.pollOptionsEqual);
    await ctx.poll(question, options);
  },
});
