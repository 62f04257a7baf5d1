import { randomBytes } from 'node:crypto';
import { aesEncryptGCM, hkdf, proto } from '@whiskeysockets/baileys';
import type { MediaHost } from '../media/media-host.ts';
import { mediaIn } from '../media/media-message.ts';
import { childOf, type Stanza, stanza } from '../wire/stanza.ts';
import type { Archive } from './message-archive.ts';

/**
 * The children of the `mediaretry` notification that answers `<receipt type="server-error">`: the new path, encrypted
 * under the media key, or error 2 (not found) if the phone does not have the file.
 */
export function mediaRetryAnswer(receipt: Stanza, archive: Archive, media: MediaHost): Stanza[] {
  const id = receipt.attrs.id ?? '';
  const { jid, from_me, participant } = childOf(receipt, 'rmr')?.attrs ?? {};
  const rmr = stanza('rmr', { jid, from_me, participant });
  const message = archive.find({ remoteJid: jid ?? '', participant: participant ?? null, id })?.message;
  const content = message && mediaIn(message);
  const directPath = content?.directPath ? media.restore(content.directPath) : undefined;
  if (!content?.mediaKey || !directPath) return [stanza('error', { code: '2' }), rmr];
  const { SUCCESS } = proto.MediaRetryNotification.ResultType;
  const plain = proto.MediaRetryNotification.encode({ stanzaId: id, directPath, result: SUCCESS }).finish();
  const info = 'WhatsApp Media Retry Notification';
  const key = hkdf(Buffer.from(content.mediaKey), 32, { info });
  const iv = randomBytes(12);
  const ciphertext = aesEncryptGCM(plain, key, iv, Buffer.from(id));
  return [stanza('encrypt', {}, [stanza('enc_p', {}, ciphertext), stanza('enc_iv', {}, iv)]), rmr];
}
