const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** `87 bytes`, `1.5 MB`, `132 MB`; a unit is 1,024 of the one before. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`;
}
