import type { Kind } from './bots.ts';
import type { TortureResult } from './torture.ts';

/** The bots that `--target auth-state` kills, in the order of the columns. */
export const COLUMNS = {
  recipe: 'the recipe as it is',
  'auth-state-line': 'with the line of the auth state changed',
  'auth-state': 'with the socket options as well',
} as const satisfies Partial<Record<Kind, string>>;

type Column = keyof typeof COLUMNS;

/** The run that the figures are of. */
export interface TortureRun {
  readonly command: string;
  readonly commit: string;
  readonly date: string;
}

const ROWS: ReadonlyArray<readonly [what: string, count: (result: TortureResult) => number]> = [
  ['kills, until the session was lost', (result) => result.kills],
  ['commands sent', (result) => result.sent],
  ['sessions lost', (result) => result.sessionsLost],
  ['keys lost that WhatsApp hands out', (result) => result.missingPreKeys],
  ['answers never readable', (result) => result.unreadable],
  ['answers readable after a resend only', (result) => result.readableLater],
  ['commands unanswered', (result) => result.unanswered],
  ['of these, those with a receipt from the bot', (result) => result.unansweredWithReceipt],
  ['commands answered twice', (result) => result.answeredTwice],
];

/** The text of bench/AUTH-STATE.md. */
export function columnsOf(
  results: Readonly<Record<Column, TortureResult>>,
  { command, commit, date }: TortureRun,
): string {
  const names = Object.keys(COLUMNS) as Column[];
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return `# The recipe of the library with the auth state of this project

\`${command}\`, ${date}, commit ${commit}:

${line(['', ...names.map((name) => COLUMNS[name])])}
|${'---|'.repeat(names.length + 1)}
${ROWS.map(([what, count]) => line([what, ...names.map((name) => count(results[name]))])).join('\n')}
`;
}

/** What the auth state promises for a recipe: a bot may still be killed between a message and its answer. */
export function isColumnKept(column: Column, result: TortureResult): boolean {
  const { sessionsLost, missingPreKeys, unreadable } = result;
  switch (column) {
    case 'recipe':
      return true;
    case 'auth-state-line':
      return sessionsLost + missingPreKeys === 0;
    case 'auth-state':
      return sessionsLost + missingPreKeys + unreadable === 0;
  }
}
