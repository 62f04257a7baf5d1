import { command } from '../bot/command.ts';
import { phrases } from '../bot/phrases.ts';

export default command({
  name: 'id',
  summary: 'tells how WhatsApp addresses you and this chat',
  async run(ctx) {
    const { sender, chat, isOwner } = ctx;
    const id = sender.number === undefined ? sender.id : `+${sender.number}`;
    await ctx.reply(phrases.identity({ id, address: sender.jid, chat, isOwner }));
  },
});
