import { command } from '../bot/command.ts';

export default command({
  name: 'ping',
  summary: 'says pong, if I am there',
  run: (ctx) => ctx.reply('pong'),
});
