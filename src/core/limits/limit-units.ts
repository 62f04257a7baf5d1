export interface Limit {
  /** What is limited, as a noun phrase for the table: "messages sent". */
  readonly what: string;
  /** How many at most. */
  readonly count?: number;
  /** How many bytes at most, all together. */
  readonly bytes?: number;
  /** How many bytes one of them may have. */
  readonly bytesEach?: number;
  /** How many bytes a process of its own may use for one of them. */
  readonly processBytes?: number;
  /** How long at most, in milliseconds. */
  readonly timeMs?: number;
  /** What happens at the limit, as a sentence. */
  readonly atLimit: string;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
