import { duration, rest } from '../bot/args.ts';
import { command } from '../bot/command.ts';
import { phrases } from '../bot/phrases.ts';

export default command({
  name: 'remind',
  aliases: ['reminder'],
  summary: 'reminds you: 20m tea, or: me in 2 hours to call Ben',
  args: { after: duration(), text: rest() },
  async run(ctx) {
    const { after, text } = ctx.args;
    // "me in 20 minutes to call Ben": the "to" is not part of the reminder.
    await ctx.later(after, `⏰ ${text.replace(/^to\s+/i, '')}`);
    await ctx.reply(phrases.reminderKept(phrases.duration(after)));
  },
});
