/**
 * A shop order: a conversation that goes on after a kill between any two lines. Copy it to `src/commands/`, and put
 * your shop in place of this one.
 */
import { command } from '../../src/bot/command.ts';

export default command({
  name: 'order',
  summary: 'orders a pizza',
  async run(ctx) {
    const size = await ctx.choose('Which size?', ['small', 'large']);
    const where = await ctx.ask('Where to?', { timeoutMs: 10 * 60_000 });
    const id = await ctx.step('place', (key) => shop.order({ size, where: where.text, idempotencyKey: key }));
    const sent = await ctx.reply(`Order ${id}: baking…`);
    await ctx.sleep(20 * 60_000);
    await sent.edit(`Order ${id}: on its way`);
  },
});

interface Order {
  readonly size: string;
  readonly where: string;
  /** The same order with the same key is placed once. */
  readonly idempotencyKey: string;
}

/** In place of a shop. */
export const shop = {
  orders: new Map<string, Order>(),
  async order(order: Order): Promise<number> {
    this.orders.set(order.idempotencyKey, order);
    return this.orders.size;
  },
};
