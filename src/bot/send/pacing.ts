/** The tokens at a moment. A number below zero means that sends already wait. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** How many sends may leave at once before they are paced: those of a third of a minute. */
export function burstOf(perMinute: number): number {
  return Math.max(1, Math.ceil(perMinute / 3));
}

/**
 * Takes one send out of the bucket (`undefined` is a full one) and says how long to wait before it.
 * In any span of m minutes at most `burstOf(perMinute) + perMinute * m` sends start, to the millisecond. 0 per minute
 * is no limit. A clock that is set back neither adds nor removes tokens.
 */
export function takeToken(
  bucket: Bucket | undefined,
  nowMs: number,
  perMinute: number,
): { readonly bucket: Bucket; readonly waitMs: number } {
  if (perMinute <= 0) return { bucket: { tokens: 0, atMs: nowMs }, waitMs: 0 };
  const tokens = tokensAt(bucket, nowMs, perMinute) - 1;
  const waitMs = tokens >= 0 ? 0 : Math.ceil((-tokens * 60_000) / perMinute);
  return { bucket: { tokens, atMs: nowMs }, waitMs };
}

/** Whether the bucket allows the same as a new one, so that it need not be kept. */
export function isFull(bucket: Bucket | undefined, nowMs: number, perMinute: number): boolean {
  return perMinute <= 0 || tokensAt(bucket, nowMs, perMinute) >= burstOf(perMinute);
}

function tokensAt(bucket: Bucket | undefined, nowMs: number, perMinute: number): number {
  const burst = burstOf(perMinute);
  if (bucket === undefined) return burst;
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  return Math.min(burst, bucket.tokens + (passedMs * perMinute) / 60_000);
}
