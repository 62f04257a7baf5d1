/**
 * Floods the real program by name, with 512 MiB of memory and a supervisor that starts it again, while an ordinary
 * person writes `!ping` each second. Linux only.
 *
 *   npm run flood [-- --only NAME] [--seconds 300] [--quick]
 *
 * `--quick` is 15 seconds for each flood. Exits 1 if the bot missed a figure that it must reach.
 */
import { parseArgs } from 'node:util';
import type { FloodResult } from './flood/flood-result.ts';
import { FloodedBot } from './flood/flooded-bot.ts';
import { FLOODS } from './flood/floods.ts';

const QUICK_SECONDS = 15;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '300' },
    quick: { type: 'boolean', default: false },
  },
});
const floods = Object.entries(FLOODS).filter(([name]) => (values.only ?? name) === name);
if (floods.length === 0) {
  process.stderr.write(`There is no flood ${values.only}. Floods: ${Object.keys(FLOODS).join(', ')}\n`);
  process.exit(2);
}
// libsignal prints the Signal sessions of the simulated people.
for (const method of ['info', 'warn', 'error'] as const) console[method] = () => {};

const seconds = values.quick ? QUICK_SECONDS : Number(values.seconds);
let isMissed = false;
const HEADINGS = [
  'flood',
  'received MiB',
  'written for each byte',
  'resident peak MiB',
  'largest table MiB',
  'answers',
  'slowest answer ms',
  'unanswered',
  'kills by memory',
  'logins',
];
print(row(HEADINGS));
print(row(HEADINGS.map(() => '---')));
for (const [name, flood] of floods) {
  const bot = new FloodedBot();
  const result = await bot
    .start()
    .then(() => bot.flood(flood, { seconds }))
    .finally(() => bot.stop());
  print(row([`${name}: ${flood.what}`, ...cells(result, flood.isHeavy)]));
  for (const sentence of result.missed) print(`  missed: ${sentence}`);
  if (result.missed.length > 0) for (const line of result.lines) process.stderr.write(`  ${line}\n`);
  isMissed ||= result.missed.length > 0;
}
process.exit(isMissed ? 1 : 0);

function cells(result: FloodResult, isHeavy: boolean): string[] {
  const { questions, unanswered, writtenBytes, receivedBytes } = result;
  return [
    mebibytes(receivedBytes),
    isHeavy ? (writtenBytes / receivedBytes).toFixed(2) : `${mebibytes(writtenBytes)} MiB in all`,
    mebibytes(result.residentPeakBytes),
    mebibytes(result.largestTableBytes),
    String(questions - unanswered),
    String(result.slowestMs),
    String(unanswered),
    String(result.memoryKills),
    String(result.logins),
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}

function row(parts: readonly string[]): string {
  return `| ${parts.join(' | ')} |`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
