import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { plainText } from '../../core/plain-text.ts';
import type { LoadedListener } from '../loading/listener-registry.ts';
import type { StoredConversation } from '../replay/conversation-row.ts';
import type { HandlerTask } from './handler-runner.ts';
import type { SenderFacts } from './senders.ts';

/** The handler of a listener. Two listeners for one message send under ids of their own. */
export function listenerTask(
  message: IncomingMessage,
  { listener, name, file }: LoadedListener,
  sender: SenderFacts,
  stored?: StoredConversation,
): HandlerTask {
  return {
    ...sender,
    handler: { kind: 'listener', name, file },
    message,
    command: { name, aliases: [], summary: '', access: 'everyone', usage: '' },
    args: {},
    text: plainText(message.text),
    idKey: `${message.key}\nlistener ${name}`,
    whenOpen: listener.whenOpen,
    stored,
    run: (ctx) => listener.run(ctx),
  };
}
