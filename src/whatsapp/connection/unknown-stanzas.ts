import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';

/** So many unknown stanzas of one connection are logged. */
const MOST_SAID = 20;

/** Logs the stanzas of a pairing that this program does not know, by tag and type. */
export class UnknownStanzas {
  readonly #log: Pick<Logger, 'info'>;
  #said = 0;

  constructor(log: Pick<Logger, 'info'>) {
    this.#log = log;
  }

  say({ tag, attrs: { type } }: BinaryNode): void {
    if (this.#said >= MOST_SAID) return;
    this.#said += 1;
    const facts = { tag: tag.slice(0, 100), type: type?.slice(0, 100) };
    this.#log.info(facts, 'WhatsApp sent something during the pairing that this version does not know');
  }
}
