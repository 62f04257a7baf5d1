import { command } from '../bot/command.ts';

export default command({
  name: 'id',
  summary: 'tells how WhatsApp addresses you and this chat',
  async run(ctx) {
    const { id, number, jid } = ctx.sender;
    const lines = [
      `You: ${number === undefined ? id : `+${number}`}`,
      `Your address: ${jid}`,
      `This chat: ${ctx.chat}`,
      ...(ctx.isOwner ? ['You are an owner of this bot.'] : []),
    ];
    await ctx.reply(lines.join('\n'));
  },
});
