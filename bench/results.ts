import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import type { Kind } from './bots.ts';

export type Figures = Readonly<Partial<Record<Kind, readonly number[]>>>;

export interface Row {
  readonly what: string;
  readonly unit: string;
  /** The highest ratio to the recipe that is wanted. */
  readonly wanted: number | undefined;
  readonly figures: Figures;
}

/** The same work on a small and on a large table. */
export interface GrowthRow {
  readonly what: string;
  readonly unit: string;
  /** The highest ratio that is wanted. */
  readonly wanted: number;
  readonly small: readonly number[];
  readonly large: readonly number[];
}

/** How busy the machine was when the run began. */
const LOAD = loadavg()[0]?.toFixed(1);

/** The text of bench/RESULTS.md. */
export function resultsOf(rows: readonly Row[], growth: readonly GrowthRow[], command: string): string {
  const hasRival = rows.some(({ figures }) => figures.rival !== undefined);
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${platform()} ${arch()}, Node ${process.version}`;
  const heading = ['what', 'unit', 'perennial', 'recipe', 'ratio', 'wanted', ...(hasRival ? ['rival'] : [])];
  return `# Measured against the library's own recipe

${new Date().toISOString().slice(0, 10)}, on ${machine}. \`${command}\` makes this file.

Median (lowest to highest) of alternating turns. A ratio below 1 means that perennial needs less. The recipe is
\`useMultiFileAuthState\` with \`makeCacheableSignalKeyStore\` (bench/recipe.mjs). CPU is user and system time of the
bot's processes; people and WhatsApp are simulated in another process on the same machine. The load average of the
machine was ${LOAD} when the run began: above 0.5, wall times and their ratios say little. A command is measured after
three thousand others (a hundred in a group), when V8 has compiled both programs; "right after the start" are the first
three hundred (forty in a group).

| ${heading.join(' | ')} |
|${'---|'.repeat(heading.length)}
${rows.map((row) => lineOf(row, hasRival)).join('\n')}
${growth.length > 0 ? growthOf(growth) : ''}`;
}

function growthOf(growth: readonly GrowthRow[]): string {
  const lines = growth.map(({ what, unit, wanted, small, large }) => {
    const ratio = median(large) / median(small);
    const limit = `≤ ${wanted.toFixed(2)}${ratio > wanted ? ' (missed)' : ''}`;
    return `| ${[what, unit, spread(large), spread(small), `**${ratio.toFixed(2)}**`, limit].join(' | ')} |`;
  });
  return `
What must not grow with what is kept:

| what | unit | large | small | ratio | wanted |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

function lineOf({ what, unit, wanted, figures }: Row, hasRival: boolean): string {
  const ratio = ratioOf(figures);
  const isMissed = wanted !== undefined && ratio !== undefined && ratio > wanted;
  const cells = [
    what,
    unit,
    spread(figures.perennial),
    spread(figures.recipe),
    ratio === undefined ? '' : `**${ratio.toFixed(2)}**`,
    wanted === undefined ? '' : `≤ ${wanted.toFixed(2)}${isMissed ? ' (missed)' : ''}`,
    ...(hasRival ? [spread(figures.rival)] : []),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Undefined if one of the two was not measured. */
export function ratioOf({ perennial, recipe }: Figures): number | undefined {
  return perennial && recipe ? median(perennial) / median(recipe) : undefined;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

function spread(numbers: readonly number[] | undefined): string {
  if (numbers === undefined || numbers.length === 0) return '';
  const [middle, lowest, highest] = [median(numbers), Math.min(...numbers), Math.max(...numbers)];
  return `${short(middle)} (${short(lowest)} to ${short(highest)})`;
}

/** Three digits, without an exponent. */
function short(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : value.toPrecision(3);
}
