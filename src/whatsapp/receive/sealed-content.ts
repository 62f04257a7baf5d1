import { createDecipheriv, hkdfSync } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';

/** What is sealed under the secret of an earlier message. */
export type SealUse = 'Message Edit' | 'Poll Vote' | 'Event Response' | 'Enc Reaction';

/** The uses whose ciphertext also authenticates the message id and the actor. */
const AUTHENTICATED: ReadonlySet<SealUse> = new Set(['Poll Vote', 'Event Response']);
const TAG_BYTES = 16;

export interface SealContext {
  readonly use: SealUse;
  /** The id of the earlier message. */
  readonly messageId: string;
  /** Its `messageSecret`. */
  readonly secret: Uint8Array;
  /** The addresses of its sender, without a device: phones may use the number or the LID. */
  readonly senders: readonly string[];
  /** The addresses of the person who edits, votes or answers. */
  readonly actors: readonly string[];
}

/**
 * Opens what is sealed under the secret of an earlier message. Undefined if no pair of addresses fits or the bytes are
 * damaged.
 *
 * AES-256-GCM. The key is HKDF-SHA256 of the secret with the info message id, sender, actor and use, joined without
 * separators. Sources: `msgsecret.go` of tulir/whatsmeow; `decryptPollVote` of Baileys; Baileys#2541 for edits.
 */
export function openSealed(
  sealed: { readonly encPayload?: Uint8Array | null; readonly encIv?: Uint8Array | null },
  { use, messageId, secret, senders, actors }: SealContext,
): Buffer | undefined {
  const { encPayload, encIv } = sealed;
  if (!encPayload || !encIv || encPayload.length < TAG_BYTES) return undefined;
  for (const sender of senders)
    for (const actor of actors) {
      const info = `${messageId}${sender}${actor}${use}`;
      const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(32), info, 32));
      const aad = AUTHENTICATED.has(use) ? Buffer.from(`${messageId}\0${actor}`) : undefined;
      const opened = decrypt(key, encIv, encPayload, aad);
      if (opened) return opened;
    }
  return undefined;
}

function decrypt(key: Buffer, iv: Uint8Array, payload: Uint8Array, aad?: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    if (aad) decipher.setAAD(aad);
    decipher.setAuthTag(payload.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(payload.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/**
 * The edit in a sealed edit, in the form of an edit that is not sealed. `secretOf` gets the id of the edited message.
 */
export function openEdit(
  { secretEncryptedMessage: sealed }: proto.IMessage,
  addresses: readonly string[],
  secretOf: (messageId: string) => Uint8Array | undefined,
): proto.IMessage | undefined {
  const key = sealed?.targetMessageKey;
  const messageId = key?.id;
  const { MESSAGE_EDIT } = proto.Message.SecretEncryptedMessage.SecretEncType;
  if (!sealed || !messageId || sealed.secretEncType !== MESSAGE_EDIT) return undefined;
  const secret = secretOf(messageId);
  const context = { use: 'Message Edit', messageId, senders: addresses, actors: addresses } as const;
  const opened = secret && openSealed(sealed, { ...context, secret });
  if (!opened) return undefined;
  const editedMessage = editedIn(opened);
  if (!editedMessage) return undefined;
  const type = proto.Message.ProtocolMessage.Type.MESSAGE_EDIT;
  return { protocolMessage: { key, type, editedMessage } };
}

function editedIn(bytes: Uint8Array): proto.IMessage | undefined {
  try {
    const message = proto.Message.decode(bytes);
    return message.protocolMessage?.editedMessage ?? message.editedMessage?.message ?? message;
  } catch {
    return undefined;
  }
}
