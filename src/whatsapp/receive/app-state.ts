import { ALL_WA_PATCH_NAMES, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';
import { plainAck } from '../connection/plain-ack.ts';

/** The part of the app state that has the name of the account. */
const WITH_NAME = 'critical_block';

/**
 * Makes the library sync no app state (archived, muted and pinned chats, contacts) after a pairing, for the whole
 * process: a bot has no use for it. The library asks for each name in this list.
 *
 * Source: `doAppStateSync` in `lib/Socket/chats.js` of Baileys 7.0.0-rc14.
 */
export function skipAppState(): void {
  (ALL_WA_PATCH_NAMES as unknown as string[]).length = 0;
}

/**
 * Acknowledges a notification that some app state has changed. Returns whether it is one; the library must not see it
 * then, because it would fetch the state and delay other notifications. A plain ack is enough: WhatsApp does not
 * require a sync, and sends the next change all the same.
 */
export function acknowledgeAppState(socket: WASocket, node: BinaryNode): boolean {
  if (node.tag !== 'notification' || node.attrs.type !== 'server_sync') return false;
  socket.sendNode(plainAck(node)).catch(() => {});
  return true;
}

/**
 * Fetches the name of the account once, if it is not known, as soon as the key for it is there; then tells the name to
 * WhatsApp, which shows "-" in place of a name that it does not know.
 */
export function fetchNameOnce(socket: WASocket, isOnline: boolean): void {
  const { ev, authState } = socket;
  const { creds } = authState;
  let isAsked = false;
  const look = (): void => {
    if (isAsked || !creds.myAppStateKeyId || !creds.me || creds.me.name) return;
    isAsked = true;
    socket
      .resyncAppState([WITH_NAME], true)
      .then(() =>
        creds.me?.name ? socket.sendPresenceUpdate(isOnline ? 'available' : 'unavailable') : undefined,
      )
      // The bot works without a name. The next connection asks again.
      .catch(() => {});
  };
  ev.on('connection.update', ({ connection }) => connection === 'open' && look());
  // The library stores an update after its listeners were called.
  ev.on('creds.update', ({ myAppStateKeyId }) => myAppStateKeyId && queueMicrotask(look));
}
