import { optional, word } from '../bot/args.ts';
import { command } from '../bot/command.ts';
import { normalizeName } from '../bot/intake/parse-command.ts';
import { Refusal } from '../bot/refusal.ts';

export default command({
  name: 'help',
  aliases: ['menu'],
  summary: 'lists what you can ask of me',
  args: { command: optional(word()) },
  async run(ctx) {
    const commands = await ctx.commands();
    if (ctx.args.command === undefined) {
      const lines = commands.map(({ usage, summary }) => `${usage}\n   ${summary}`);
      return ctx.reply(['What you can ask of me:', ...lines].join('\n'));
    }
    // People type "!help !ping" as well as "!help ping".
    const name = normalizeName(ctx.args.command).replace(/^[^\p{L}\p{N}]+/u, '');
    const found = commands.find((one) => one.name === name || one.aliases.includes(name));
    if (found === undefined) throw new Refusal('There is no such command for you here.');
    const aliases = found.aliases.length === 0 ? '' : `\nAlso: ${found.aliases.join(', ')}`;
    await ctx.reply(`Usage: ${found.usage}\n   ${found.summary}${aliases}`);
  },
});
