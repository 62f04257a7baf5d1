import { command } from '../bot/command.ts';
import { formatDuration } from '../bot/duration.ts';

export default command({
  name: 'status',
  summary: 'tells how the bot is doing',
  access: 'owners',
  async run(ctx) {
    const { connection, connectionAgeMs, uptimeMs, counts } = ctx.services.status();
    const lines = [
      `Connection: ${connection}, for ${formatDuration(connectionAgeMs)}`,
      `Running for ${formatDuration(uptimeMs)}`,
      ...counts.map(([what, count]) => `${what}: ${count}`),
    ];
    await ctx.reply(lines.join('\n'));
  },
});
