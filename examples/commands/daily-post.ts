/**
 * Posts every working day at eight o'clock. Copy it to `src/listeners/`, and list the group in `MAY_WRITE_TO`. A time at
 * which the bot did not run is posted once, late.
 */
import { schedule } from '../../src/bot/schedule.ts';

const GROUP = '120363000000000001@g.us';

export default schedule('0 8 * * 1-5', {
  timeZone: 'Europe/Berlin',
  missed: 'once',
  async run(ctx) {
    const count = await ctx.step('count', () =>
      ctx.botState.update('daily-post', (posts) => (typeof posts === 'number' ? posts + 1 : 1), {
        ttlMs: 30 * 86_400_000,
      }),
    );
    const day = new Date(ctx.dueAtMs).toLocaleDateString('en-GB', {
      weekday: 'long',
      timeZone: 'Europe/Berlin',
    });
    await ctx.sendTo(GROUP, `Good morning! It is ${day}, and this is post ${count}.`);
  },
});
