/** The sizes of the entries of a collection and their sum: a limit in bytes is checked without reading all entries. */
export class EntrySizes {
  readonly #bytesOf = new Map<string, number>();
  #total = 0;

  /** Sum of all entries, in bytes. */
  get total(): number {
    return this.#total;
  }

  /** Sets the size of an entry; undefined removes it. */
  set(key: string, bytes: number | undefined): void {
    this.#total += (bytes ?? 0) - (this.#bytesOf.get(key) ?? 0);
    if (bytes === undefined) this.#bytesOf.delete(key);
    else this.#bytesOf.set(key, bytes);
  }
}
