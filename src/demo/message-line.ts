import { unwrapped } from '../simulator/phones/message-bytes.ts';
import type { ReceivedMessage } from '../simulator/phones/received-messages.ts';

/** A message as one line of text: what it says, what it is, or what it does to an earlier one. */
export function contentLine({ message, text, act }: ReceivedMessage): string {
  if (act?.kind === 'edit') return `(an edit) ${act.text ?? ''}`;
  if (act?.kind === 'deletion') return '(deletes a message)';
  if (act?.kind === 'reaction')
    return act.emoji === '' ? '(takes a reaction back)' : `(a reaction) ${act.emoji}`;
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV3;
  if (poll) return `(a poll) ${poll.name}: ${(poll.options ?? []).map((one) => one.optionName).join(' | ')}`;
  const inner = unwrapped(message);
  if (inner.audioMessage?.ptt) return `(a voice note of ${inner.audioMessage.seconds ?? 0} s)`;
  if (inner.albumMessage) return '(an album)';
  const kind = KINDS.find(([name]) => inner[name])?.[1];
  if (kind === undefined) return text ?? '(a message without text)';
  return text === undefined ? `(${kind})` : `(${kind}) ${text}`;
}

const KINDS = [
  ['imageMessage', 'a picture'],
  ['videoMessage', 'a video'],
  ['ptvMessage', 'a video note'],
  ['audioMessage', 'a sound'],
  ['stickerMessage', 'a sticker'],
  ['documentMessage', 'a file'],
  ['documentWithCaptionMessage', 'a file'],
  ['contactMessage', 'a contact'],
  ['contactsArrayMessage', 'contacts'],
  ['locationMessage', 'a place'],
] as const;
