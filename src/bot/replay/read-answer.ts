import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { plainText } from '../../core/plain-text.ts';
import { phrases } from '../phrases.ts';
import type { QuestionEntry } from './conversation-row.ts';

/** What a message of the asked person means for the open question. */
export type Reading =
  | { readonly kind: 'answer'; readonly option?: string }
  | { readonly kind: 'cancel' }
  /** It is none of the options. */
  | { readonly kind: 'unfit' }
  /** It is no answer: a reaction, an edit, a vote in another poll. */
  | { readonly kind: 'none' };

/** Reads a message as an answer. A command is not handed to this function: it runs instead. */
export function readAnswer(message: IncomingMessage, question: QuestionEntry): Reading {
  const { event } = message;
  if (event?.kind === 'vote') {
    if (event.target !== question.sentId) return { kind: 'none' };
    const option = question.options?.find((one) => event.options.includes(one));
    // Without an option it takes a vote back.
    return option === undefined ? { kind: 'none' } : { kind: 'answer', option };
  }
  if (event !== undefined || message.edits !== undefined) return { kind: 'none' };
  if (isCancel(message)) return { kind: 'cancel' };
  const said = comparable(message.text);
  if (question.options === undefined) return { kind: 'answer' };
  const option = chosen(said, question.options);
  return option === undefined ? { kind: 'unfit' } : { kind: 'answer', option };
}

/** Whether a message ends the conversation. */
export function isCancel({ event, edits, text }: IncomingMessage): boolean {
  if (event !== undefined || edits !== undefined) return false;
  return ['cancel', phrases.cancelWord].some((word) => comparable(word) === comparable(text));
}

/** The option that a text names: by its words, or by its number from 1 up. */
function chosen(said: string, options: readonly string[]): string | undefined {
  const named = options.find((option) => comparable(option) === said);
  if (named !== undefined) return named;
  return /^\d{1,2}$/.test(said) ? options[Number(said) - 1] : undefined;
}

const comparable = (text: string): string => plainText(text).normalize('NFKC').trim().toLowerCase();
