import { EntrySizes } from '../../core/entry-sizes.ts';
import { type ConversationRow, messageKeysOf } from './conversation-row.ts';

/** What is looked up of all conversations: by message, by person, and their bytes. In memory. */
export class ConversationIndex {
  /** The row that a message belongs to, by the key of the message. */
  readonly #byMessage = new Map<string, string>();
  readonly #openOf = new Map<string, number>();
  readonly #sizes = new EntrySizes();

  get isAnyOpen(): boolean {
    return this.#openOf.size > 0;
  }

  /** The bytes of all rows. */
  get bytes(): number {
    return this.#sizes.total;
  }

  /** How many conversations a person has open. */
  openOf(personId: string): number {
    return this.#openOf.get(personId) ?? 0;
  }

  /** The key of the newest row that a message began or answered. */
  withMessage(messageKey: string): string | undefined {
    return this.#byMessage.get(messageKey);
  }

  /** A row of this key took the place of another one. `size` is the one of `row`. */
  change(
    id: string,
    old: ConversationRow | undefined,
    row: ConversationRow | undefined,
    size: number | undefined,
  ): void {
    for (const key of old ? messageKeysOf(old) : []) {
      if (this.#byMessage.get(key) === id) this.#byMessage.delete(key);
    }
    for (const key of row ? messageKeysOf(row) : []) this.#byMessage.set(key, id);
    this.#sizes.set(id, size);
    if (old !== undefined && !old.isEnded) this.#count(old.personId, -1);
    if (row !== undefined && !row.isEnded) this.#count(row.personId, 1);
  }

  #count(person: string, change: number): void {
    const count = (this.#openOf.get(person) ?? 0) + change;
    if (count > 0) this.#openOf.set(person, count);
    else this.#openOf.delete(person);
  }
}
