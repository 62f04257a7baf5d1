import type { CrashHistory } from '../../core/crash-history.ts';

/** A time whose handler runs. Its crashes count until it remembers a step: from there on its log counts them. */
export interface TimeInProgress extends CrashHistory {
  readonly dueAtMs: number;
}

/** The last handled time of a schedule, and the time that is in progress. */
export interface ScheduleRow {
  readonly doneUntilMs: number;
  readonly inWork?: TimeInProgress;
}

export const withHistory = (
  row: ScheduleRow,
  { dueAtMs }: TimeInProgress,
  history: CrashHistory,
): ScheduleRow => ({
  ...row,
  inWork: { ...history, dueAtMs },
});
