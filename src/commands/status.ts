import { command } from '../bot/command.ts';
import { phrases } from '../bot/phrases.ts';

export default command({
  name: 'status',
  summary: 'tells how the bot is doing',
  access: 'owners',
  async run(ctx) {
    await ctx.reply(phrases.status(ctx.services.status()));
  },
});
