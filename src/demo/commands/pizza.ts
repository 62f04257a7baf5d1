/** The conversation of the story. It is loaded only if the story is told. */
import { command } from '../../bot/command.ts';

export default command({
  name: 'pizza',
  summary: 'orders a pizza: a conversation that survives kill -9',
  async run(ctx) {
    const size = await ctx.choose('Which size?', ['small', 'large']);
    const where = await ctx.ask('Where to?', { timeoutMs: 10 * 60_000 });
    const order = await ctx.step('place', orderNumber);
    await ctx.reply(`Order ${order}: a ${size} pizza to ${where.text}.`);
  },
});

/** In place of a shop: the same key is the same order. */
function orderNumber(key: string): number {
  return 100 + (Number.parseInt(key.slice(0, 6), 16) % 900);
}
