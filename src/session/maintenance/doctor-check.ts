/** The result of one check of the doctor. */
export interface Check {
  readonly name: string;
  /** Only a problem keeps the bot from working. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What the person can do. */
  readonly mend?: string;
}
