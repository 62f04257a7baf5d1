/** Ids in the order of their times; those of the same time in the order in which they were added. */
export class DueTimes {
  readonly #sorted: Array<{ readonly id: string; readonly atMs: number }> = [];

  /** The next one. */
  get first(): { readonly id: string; readonly atMs: number } | undefined {
    return this.#sorted[0];
  }

  add(id: string, atMs: number): void {
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    this.#sorted.splice(low, 0, { id, atMs });
  }

  /** Removes those that are due, and returns their ids. */
  take(nowMs: number): string[] {
    const later = this.#sorted.findIndex(({ atMs }) => atMs > nowMs);
    const due = this.#sorted.splice(0, later === -1 ? this.#sorted.length : later);
    return due.map(({ id }) => id);
  }
}
