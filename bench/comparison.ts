import type { Kind } from './bots.ts';
import { type Figures, type GrowthRow, type Row, ratioOf } from './results.ts';

export interface Column<T> {
  readonly what: string;
  readonly unit: string;
  /** The highest ratio to the recipe that is wanted. */
  readonly wanted?: number;
  readonly of: (result: T) => number;
}

/** The bots that are compared, and the rows that this has made so far. */
export class Comparison {
  readonly kinds: readonly Kind[];
  /** Fewer and smaller measurements. */
  readonly isQuick: boolean;
  readonly rows: Row[] = [];
  /** What must not grow with the size of a table. */
  readonly growth: GrowthRow[] = [];

  constructor(kinds: readonly Kind[], isQuick: boolean) {
    this.kinds = kinds;
    this.isQuick = isQuick;
  }

  /** Measures one kind after the other, in turns, so that a slow minute of the machine hits all of them. */
  async compare<K extends Kind, T>(
    turns: number,
    compared: readonly K[],
    measure: (kind: K) => Promise<T>,
    columns: readonly Column<T>[],
  ): Promise<void> {
    const results = new Map<Kind, T[]>(compared.map((kind) => [kind, []]));
    for (let turn = 0; turn < turns; turn += 1) {
      for (const kind of turn % 2 === 0 ? compared : [...compared].reverse()) {
        results.get(kind)?.push(await measure(kind));
        process.stderr.write('.');
      }
    }
    for (const { of, wanted, ...column } of columns) {
      const figures: Figures = Object.fromEntries([...results].map(([kind, all]) => [kind, all.map(of)]));
      this.rows.push({ ...column, wanted, figures });
      process.stderr.write(` ${column.what}, ${column.unit}: ${ratioOf(figures)?.toFixed(2)}\n`);
    }
  }
}
