import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import { encryptMedia } from '../media/media-cipher.ts';
import type { MediaHost } from '../media/media-host.ts';
import { type Contact, jidOf } from './contact-address.ts';

const { HistorySyncType } = proto.HistorySync;
const { Type } = proto.Message.ProtocolMessage;

export interface HistoryOptions {
  /** Each becomes a chat on the LID that names the phone number. Default none. */
  people?: readonly Contact[];
  /** Old messages in each chat. Default 0. */
  messagesEach?: number;
  /** The length of the text of each old message. Default 10. */
  textBytes?: number;
  /** Default INITIAL_BOOTSTRAP. */
  type?: proto.HistorySync.HistorySyncType;
  /** Whether the history is in the message itself. Default true for INITIAL_BOOTSTRAP, else it is on the media host. */
  isInline?: boolean;
}

/** The history that a phone sends to a new companion. */
export function historyNotification(
  options: HistoryOptions,
  media: MediaHost,
): proto.Message.IProtocolMessage {
  const { people = [], type = HistorySyncType.INITIAL_BOOTSTRAP } = options;
  const history = proto.HistorySync.fromObject({
    syncType: type,
    chunkOrder: 1,
    progress: 100,
    conversations: people.map((person) => conversationWith(person, options)),
    phoneNumberToLidMappings: people.map((person) => ({
      pnJid: jidOf(person, 'pn'),
      lidJid: jidOf(person, 'lid'),
    })),
  });
  const compressed = deflateSync(proto.HistorySync.encode(history).finish());
  const isInline = options.isInline ?? type === HistorySyncType.INITIAL_BOOTSTRAP;
  return notificationOf(type, compressed, isInline, media);
}

/** A history that inflates to this many zeros. */
export function historyBomb(
  bytes: number,
  isInline: boolean,
  media: MediaHost,
): proto.Message.IProtocolMessage {
  return notificationOf(HistorySyncType.RECENT, deflateSync(Buffer.alloc(bytes)), isInline, media);
}

function notificationOf(
  type: proto.HistorySync.HistorySyncType,
  compressed: Buffer,
  isInline: boolean,
  media: MediaHost,
): proto.Message.IProtocolMessage {
  const common = { syncType: type as number, chunkOrder: 1, progress: 100 };
  if (isInline) {
    const historySyncNotification = { ...common, initialHistBootstrapInlinePayload: compressed };
    return { type: Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification };
  }
  const { blob, keys } = encryptMedia(compressed, 'md-msg-hist');
  const { directPath } = media.put(blob);
  return {
    type: Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: { ...common, ...keys, directPath },
  };
}

function conversationWith(person: Contact, options: HistoryOptions): proto.IConversation {
  const { messagesEach = 0, textBytes = 10 } = options;
  const remoteJid = jidOf(person, 'lid');
  const messages = Array.from({ length: messagesEach }, (_, index) => ({
    message: {
      key: { remoteJid, fromMe: false, id: `OLD${person.lid}${index}` },
      message: { conversation: 'x'.repeat(textBytes) },
      messageTimestamp: 1_700_000_000 + index,
    },
  }));
  return { id: remoteJid, pnJid: jidOf(person, 'pn'), messages };
}
