import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from '../core/messages.ts';
import type { ClientEvents } from '../whatsapp/client-events.ts';
import type { ClientState } from '../whatsapp/client-state.ts';

export interface HandOverParts {
  readonly client: EventEmitter<ClientEvents> & {
    readonly state: Pick<ClientState, 'kind'>;
    readonly inbox: { unfinished(): IncomingMessage[] };
  };
  /** Resolves when the bot is through with the message for now; never rejects. */
  readonly handle: (message: IncomingMessage) => Promise<void>;
  readonly log: { info(facts: object, line: string): void };
  /** How often an open connection is looked at for messages that were left unfinished. Default 60,000. */
  readonly everyMs?: number;
}

const EVERY_MS = 60_000;

/**
 * Gives the bot its messages, oldest first, and again what it left unfinished. Nothing before a connection is
 * open: only its login tells what time it is at WhatsApp, and so how old a message is.
 */
export class HandOver {
  readonly #parts: HandOverParts;
  readonly #inWork = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  start(): void {
    const { client, log, everyMs = EVERY_MS } = this.#parts;
    const { length } = client.inbox.unfinished();
    if (length > 0)
      client.once('opened', () =>
        log.info({ messages: length }, 'Going on with messages that the last run left unfinished'),
      );
    client.on('opened', () => this.#takeUp());
    // What comes while none is open is in the inbox, behind older ones.
    client.on('received', (message) => {
      if (client.state.kind === 'open') this.#give(message);
    });
    this.#timer = setInterval(() => {
      if (client.state.kind === 'open') this.#takeUp();
    }, everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #takeUp(): void {
    for (const message of this.#parts.client.inbox.unfinished()) this.#give(message);
  }

  #give(message: IncomingMessage): void {
    const { key } = message;
    if (this.#inWork.has(key)) return;
    this.#inWork.add(key);
    void this.#parts.handle(message).finally(() => this.#inWork.delete(key));
  }
}
