import { LIMITS, type LimitName } from './limits.ts';

const reached = new Map<LimitName, number>();

/** Counts that a limit was reached. The caller must also log this from time to time. */
export function noteLimitReached(name: LimitName, times = 1): void {
  reached.set(name, (reached.get(name) ?? 0) + times);
}

/** How often each limit was reached since the process began, for the metric `perennial_limits_reached_total`. */
export function limitsReached(): ReadonlyArray<readonly [name: LimitName, times: number]> {
  return (Object.keys(LIMITS) as LimitName[]).map((name) => [name, reached.get(name) ?? 0]);
}
