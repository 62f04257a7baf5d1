/** Helps the admins of a group: `!group name Friends`, `!group remove @15551234567`, `!group link`. Copy it to `src/commands/`. */
import { choice, optional, rest } from '../../src/bot/args.ts';
import { command } from '../../src/bot/command.ts';
import { Refusal } from '../../src/bot/refusal.ts';

export default command({
  name: 'group',
  summary: 'helps admins: name, about, remove, promote, link, quiet, open, everybody',
  access: 'admins',
  args: {
    what: choice('name', 'about', 'remove', 'promote', 'link', 'quiet', 'open', 'everybody'),
    text: optional(rest()),
  },
  async run(ctx) {
    const { what, text = '' } = ctx.args;
    const people = ctx.message.mentions.map((jid) => ({ jid }));
    if ((what === 'remove' || what === 'promote') && people.length === 0)
      throw new Refusal('Mention somebody.');
    switch (what) {
      case 'name':
        await ctx.admin.rename(text);
        break;
      case 'about':
        await ctx.admin.describe(text);
        break;
      case 'remove':
        await ctx.admin.remove(...people);
        break;
      case 'promote':
        await ctx.admin.promote(...people);
        break;
      case 'quiet':
      case 'open':
        await ctx.admin.announcements(what === 'quiet');
        break;
      case 'link':
        return ctx.reply(await ctx.admin.inviteLink());
      case 'everybody':
        return ctx.send({ text: text || 'Attention, please!', mentionAll: true });
    }
    await ctx.react('✅');
  },
});
