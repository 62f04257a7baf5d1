/** `1.5 MB`; a unit is 1,024 of the one before. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

/** `2026-01-31 17:05:00 UTC`. */
export function formatTime(atMs: number): string {
  if (!Number.isFinite(atMs) || atMs <= 0 || atMs > 8.64e15) return 'an unknown time';
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `1 file`, `2 files`. */
export const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`;
