import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { FileChange } from '../journal/write-files.ts';
import { pageFileName, type TableName } from './table-names.ts';

/** A page of this size takes no more rows. Small, because a page is written whole when one of its rows changes. */
const PAGE_BYTES = 64 * 1024;
/**
 * A table may exceed its limit by this factor before the oldest rows are removed, so that many are removed at a time.
 */
const TOLERANCE = 1.25;

export interface LoadedPage {
  readonly number: number;
  readonly rows: Readonly<Record<string, unknown>>;
  readonly fileBytes: number;
  readonly keepsKnown: boolean;
}

interface Page {
  readonly number: number;
  readonly ids: Set<string>;
  bytes: number;
  isDirty: boolean;
}

/**
 * The rows of one table in memory, and the pages that they are kept in on disk. A checkpoint writes only the pages
 * with changed rows, so it costs what changed, whatever the size of the table. New rows go to the last page.
 */
export class StoredTable {
  readonly name: TableName;
  readonly rows = new Map<string, unknown>();
  readonly #pageOf = new Map<string, { page: Page; bytes: number }>();
  readonly #onEvicted: (name: TableName, count: number) => void;
  #pages: Page[] = [];
  #nextNumber = 1;
  #bytes = 0;

  constructor(name: TableName, onEvicted: (name: TableName, count: number) => void) {
    this.name = name;
    this.#onEvicted = onEvicted;
  }

  /** The size of all rows as JSON; of those read from a page, their share of the page. */
  get bytes(): number {
    return this.#bytes;
  }

  get hasUnsaved(): boolean {
    return this.#pages.some(({ isDirty }) => isDirty);
  }

  /** The numbers of the pages, in the order of their rows. */
  get pageNumbers(): readonly number[] {
    return this.#pages.map(({ number }) => number);
  }

  /** Marks a page number as used, so that no new page gets it. */
  reserve(number: number): void {
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
  }

  /** Takes over a page as it is on disk. `keepsKnown`: a row that an earlier page had stays as it was there. */
  load({ number, rows, fileBytes, keepsKnown }: LoadedPage): void {
    const page = this.#addPage(number);
    const entries = Object.entries(rows);
    const bytesEach = Math.ceil(fileBytes / Math.max(1, entries.length));
    for (const [id, value] of entries) {
      if (keepsKnown && this.rows.has(id)) continue;
      this.delete(id);
      this.rows.set(id, value);
      this.#addToPage(id, page, bytesEach);
    }
    page.isDirty = false;
  }

  /** A row that changes stays in its page, unless its page would become too large. */
  set(id: string, value: unknown, json: string): void {
    const bytes = Buffer.byteLength(json) + id.length + 4;
    const entry = this.#pageOf.get(id);
    this.rows.set(id, value);
    if (entry && entry.page.bytes - entry.bytes + bytes <= 2 * PAGE_BYTES) {
      entry.page.bytes += bytes - entry.bytes;
      entry.page.isDirty = true;
      this.#bytes += bytes - entry.bytes;
      entry.bytes = bytes;
    } else {
      this.#removeFromPage(id);
      this.#addToPage(id, this.#lastPageFor(bytes), bytes);
    }
    this.#evict();
  }

  delete(id: string): void {
    this.#removeFromPage(id);
    this.rows.delete(id);
  }

  #addToPage(id: string, page: Page, bytes: number): void {
    page.ids.add(id);
    page.bytes += bytes;
    page.isDirty = true;
    this.#pageOf.set(id, { page, bytes });
    this.#bytes += bytes;
  }

  #removeFromPage(id: string): void {
    const entry = this.#pageOf.get(id);
    if (!entry) return;
    entry.page.ids.delete(id);
    entry.page.bytes -= entry.bytes;
    entry.page.isDirty = true;
    this.#pageOf.delete(id);
    this.#bytes -= entry.bytes;
  }

  #lastPageFor(bytes: number): Page {
    const last = this.#pages.at(-1);
    return last && (last.ids.size === 0 || last.bytes + bytes <= PAGE_BYTES)
      ? last
      : this.#addPage(this.#nextNumber);
  }

  #addPage(number: number): Page {
    const page: Page = { number, ids: new Set(), bytes: 0, isDirty: true };
    this.#pages.push(page);
    this.reserve(number);
    return page;
  }

  /** Removes the oldest rows if the code that fills the table does not keep its limits. */
  #evict(): void {
    const { count, bytes } = LIMITS[`table:${this.name}`];
    if (this.rows.size <= count * TOLERANCE && this.#bytes <= bytes * TOLERANCE) return;
    let evicted = 0;
    for (const id of this.rows.keys()) {
      if (this.rows.size <= count && this.#bytes <= bytes) break;
      this.delete(id);
      evicted += 1;
    }
    noteLimitReached(`table:${this.name}`, evicted);
    this.#onEvicted(this.name, evicted);
  }

  /**
   * The changed pages as files. Pages without rows are dropped; a page with few rows is merged into the one before
   * it if `mayMerge`. The files of `dropped` and `merged` pages can go when the index no longer names them. If the
   * files cannot be written, `failed` must be called.
   */
  takeUnsaved(mayMerge: boolean): UnsavedPages {
    const merged = mayMerge ? this.#mergeSmallPages() : [];
    const emptied = this.#pages.filter(({ ids }) => ids.size === 0);
    const dropped = emptied.map(({ number }) => number);
    this.#pages = this.#pages.filter(({ ids }) => ids.size > 0);
    const dirty = this.#pages.filter(({ isDirty }) => isDirty);
    const changes = dirty.map(
      (page): FileChange => [pageFileName(this.name, page.number), this.#toJson(page)],
    );
    for (const page of dirty) page.isDirty = false;
    const failed = (): void => {
      for (const page of dirty) page.isDirty = true;
      this.#pages = [...emptied, ...this.#pages];
      for (const page of emptied) page.isDirty = true;
    };
    return { changes, dropped, merged, failed };
  }

  #mergeSmallPages(): number[] {
    const merged: number[] = [];
    const kept: Page[] = [];
    for (const page of this.#pages) {
      const before = kept.at(-1);
      const isSmall = page.isDirty && page.ids.size > 0 && page.bytes < PAGE_BYTES / 4;
      if (before === undefined || !isSmall || before.bytes + page.bytes > PAGE_BYTES / 2) {
        kept.push(page);
        continue;
      }
      for (const id of page.ids) {
        const entry = this.#pageOf.get(id);
        if (!entry) continue;
        before.ids.add(id);
        entry.page = before;
      }
      before.bytes += page.bytes;
      before.isDirty = true;
      merged.push(page.number);
    }
    this.#pages = kept;
    return merged;
  }

  #toJson({ ids }: Page): string {
    return `{${[...ids].map((id) => `${JSON.stringify(id)}:${JSON.stringify(this.rows.get(id))}`).join(',')}}`;
  }
}

export interface UnsavedPages {
  readonly changes: readonly FileChange[];
  readonly dropped: readonly number[];
  readonly merged: readonly number[];
  readonly failed: () => void;
}
