import { parts } from '../bot/args.ts';
import { command } from '../bot/command.ts';
import { Refusal } from '../bot/refusal.ts';

export default command({
  name: 'poll',
  summary: 'asks the chat: Lunch? | pizza | soup',
  // A question and 2 to 12 options, as many as WhatsApp takes.
  args: { question: parts(3, 13) },
  cooldownSeconds: 10,
  async run(ctx) {
    const [question = '', ...options] = ctx.args.question;
    if (question.length > 255) throw new Refusal('The question may have 255 characters.');
    if (options.some((option) => option.length > 100))
      throw new Refusal('An option may have 100 characters.');
    if (new Set(options).size < options.length) throw new Refusal('Two options are the same.');
    await ctx.poll(question, options);
  },
});
