import {
  type Context,
  command,
  createBot,
  duration,
  listener,
  type Middleware,
  rest,
} from 'perennial-whatsapp';

/** Counts what people ask for. */
const counts = new Map<string, number>();
const count: Middleware<Context> = async (ctx, next) => {
  counts.set(ctx.command.name, (counts.get(ctx.command.name) ?? 0) + 1);
  await next();
};

const bot = createBot({
  commands: [
    command({
      name: 'tea',
      summary: 'tells you when the tea is ready: 3m green tea',
      args: { after: duration(3_600_000), kind: rest() },
      async run(ctx) {
        await ctx.later(ctx.args.after, `Your ${ctx.args.kind} is ready.`);
        await ctx.reply('I will tell you.');
      },
    }),
    command({
      name: 'counts',
      summary: 'says how often each command was used',
      run: (ctx) => ctx.reply([...counts].map(([name, times]) => `${name}: ${times}`).join('\n')),
    }),
  ],
  listeners: [listener({ on: 'message', text: 'thank', run: (ctx) => ctx.react('🍵') })],
  middleware: [count],
  settings: { withoutCommands: ['poll', 'sticker'] },
  env: process.env,
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void bot.stop());
const { kind } = await bot.start();
process.exit(kind === 'asked' ? 0 : 1);
