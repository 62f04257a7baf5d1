/** How often WhatsApp refused something, by its code. A code from outside is only counted if it is short. */
const counts = new Map<string, number>();
const MAX_CODES = 100;

/** Counts a refusal. The caller also writes it to the log. */
export function noteRefusal(code: string): void {
  const name =
    /^[a-z0-9-]{1,20}$/.test(code) && (counts.has(code) || counts.size < MAX_CODES) ? code : 'other';
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** How often each code was seen since the process began, for the metric `perennial_refusals_total`. */
export function refusals(): ReadonlyArray<readonly [code: string, times: number]> {
  return [...counts];
}
