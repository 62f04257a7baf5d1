import { LIMITS } from '../../core/limits/limits.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import { RecentMap } from '../../core/recent-map.ts';

/** The ids of the messages of the bot: of this process, and of earlier ones as far as the messenger knows them. */
export class SentIds {
  readonly #messenger: Pick<Messenger, 'hasSent'>;
  readonly #recent = new RecentMap<true>(LIMITS['recent:messages'].count / 2);

  constructor(messenger: Pick<Messenger, 'hasSent'>) {
    this.#messenger = messenger;
  }

  has(id: string): boolean {
    return this.#recent.has(id) || this.#messenger.hasSent?.(id) === true;
  }

  sending({ id }: Pick<OutgoingMessage, 'id'>): void {
    this.#recent.set(id, true);
  }
}
