import { optional, word } from '../bot/args.ts';
import { command } from '../bot/command.ts';
import { normalizeName } from '../bot/intake/parse-command.ts';
import { phrases } from '../bot/phrases.ts';
import { Refusal } from '../bot/refusal.ts';

export default command({
  name: 'help',
  aliases: ['menu'],
  summary: 'lists what you can ask of me',
  args: { command: optional(word()) },
  async run(ctx) {
    const commands = await ctx.commands();
    if (ctx.args.command === undefined) return ctx.reply(phrases.helpList(commands));
    // People type "!help !ping" as well as "!help ping".
    const name = normalizeName(ctx.args.command).replace(/^[^\p{L}\p{N}]+/u, '');
    const found = commands.find((one) => one.name === name || one.aliases.includes(name));
    if (found === undefined) throw new Refusal(phrases.noSuchCommand);
    await ctx.reply(phrases.helpOne(found));
  },
});
