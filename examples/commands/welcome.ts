/** Welcomes people who join a group. Copy it to `src/listeners/`. */
import { listener } from '../../src/bot/listener.ts';

export default listener({
  on: 'joined',
  in: 'group',
  async run(ctx) {
    if (ctx.event?.kind !== 'joined') return;
    const group = await ctx.group();
    const names = ctx.event.people.map((person) => ctx.mention(person));
    await ctx.send(
      `Welcome to ${group?.subject ?? 'this group'}, ${names.join(', ')}! Send !rules to read the rules.`,
    );
  },
});
