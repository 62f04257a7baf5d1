/** Durable tables by name. */
export interface TableStorage {
  table<T>(name: string): Table<T>;
}

/** A small durable map: what is set here survives a kill. Values are JSON. */
export interface Table<T> {
  get(id: string): T | undefined;
  has(id: string): boolean;
  readonly size: number;
  entries(): IterableIterator<[string, T]>;
  /** Resolves when the change is in the file. Throws `STORAGE_FAILED` and changes nothing if it cannot be stored. */
  set(id: string, value: T): Promise<void>;
  delete(id: string): Promise<void>;
}
