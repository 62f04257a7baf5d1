import type { proto } from '@whiskeysockets/baileys';

/** A message as one line of text: what it says, or what it is. */
export function contentLine(message: proto.IMessage, text: string | undefined): string {
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV3;
  if (poll) return `(a poll) ${poll.name}: ${(poll.options ?? []).map((one) => one.optionName).join(' | ')}`;
  if (message.reactionMessage) return `(a reaction) ${message.reactionMessage.text ?? ''}`;
  const kind = KINDS.find(([name]) => message[name])?.[1];
  if (kind === undefined) return text ?? '(a message without text)';
  return text === undefined ? `(${kind})` : `(${kind}) ${text}`;
}

const KINDS = [
  ['imageMessage', 'a picture'],
  ['videoMessage', 'a video'],
  ['audioMessage', 'a sound'],
  ['stickerMessage', 'a sticker'],
  ['documentMessage', 'a file'],
  ['documentWithCaptionMessage', 'a file'],
  ['contactMessage', 'a contact'],
  ['locationMessage', 'a place'],
] as const;
