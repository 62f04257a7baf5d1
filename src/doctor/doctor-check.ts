/** The result of one check of the doctor. */
export interface Check {
  readonly name: string;
  /** Only a problem keeps the bot from working. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What the person can do. */
  readonly mend?: string;
}

const SIGNS = { ok: '✓', warning: '!', problem: '✗' } as const;

/** One line: the name of the check, its result, and what to do. */
export function checkLine({ name, state, text, mend }: Check): string {
  const advice = mend === undefined || state === 'ok' ? '' : `. To fix it: ${mend}`;
  return `${SIGNS[state]} ${name}: ${text}${advice}`;
}
