import { assertNever } from '../core/errors.ts';

/** One thing that happens in the story. */
export type Step =
  | { readonly do: 'title'; readonly text: string }
  | { readonly do: 'tell'; readonly text: string }
  /** The bot starts, as a process of its own. */
  | { readonly do: 'start' }
  /** The phone scans what the bot shows; done when the bot is connected. */
  | { readonly do: 'link' }
  | { readonly do: 'ask'; readonly who: string; readonly text: string }
  /** A part of the conversation: nothing quotes it. */
  | { readonly do: 'say'; readonly who: string; readonly text: string }
  | { readonly do: 'vote'; readonly who: string; readonly option: string }
  /** The bot says its next line of the conversation. */
  | { readonly do: 'await'; readonly text: string }
  /** Everything that was asked has its answer. */
  | { readonly do: 'hear' }
  | { readonly do: 'kill' }
  /** The bot is connected again. */
  | { readonly do: 'return' }
  /** Long enough for a second answer to show itself. */
  | { readonly do: 'listen' };

/** How long a reader gets after each step, on a terminal. */
export function pauseAfterMs(step: Step): number {
  switch (step.do) {
    case 'tell':
      return 800;
    case 'ask':
    case 'say':
    case 'vote':
    case 'link':
    case 'kill':
      return 500;
    case 'title':
    case 'start':
    case 'await':
    case 'hear':
    case 'return':
    case 'listen':
      return 300;
    default:
      return assertNever(step);
  }
}

export const OPENING = [
  'perennial: the bot that comes back by itself',
  'The real bot, and a simulator in the place of WhatsApp: no phone, no account, no internet.',
] as const;

export const STORY: readonly Step[] = [
  { do: 'title', text: '1. Linked once' },
  { do: 'start' },
  { do: 'link' },
  { do: 'title', text: '2. A friend writes' },
  { do: 'ask', who: 'Anna', text: '!ping' },
  { do: 'hear' },
  { do: 'title', text: '3. The worst happens, in the middle of a conversation' },
  { do: 'say', who: 'Anna', text: '!pizza' },
  { do: 'await', text: 'Which size?' },
  { do: 'kill' },
  { do: 'tell', text: 'It could save nothing and tell nobody. Meanwhile, Anna votes, and writes on:' },
  { do: 'vote', who: 'Anna', option: 'large' },
  { do: 'ask', who: 'Anna', text: '!ping' },
  { do: 'ask', who: 'Anna', text: '!help ping' },
  { do: 'title', text: '4. It comes back' },
  { do: 'start' },
  { do: 'return' },
  { do: 'await', text: 'Where to?' },
  { do: 'hear' },
  { do: 'listen' },
  { do: 'title', text: '5. The conversation goes on where it was' },
  { do: 'say', who: 'Anna', text: 'Elm Street 5' },
  { do: 'await', text: 'a large pizza to Elm Street 5' },
  { do: 'listen' },
  { do: 'title', text: 'What was promised' },
];

/** What the bot must say once in the story, whatever is killed: the lines of its conversation. */
export const CONVERSATION: readonly string[] = STORY.flatMap((step) =>
  step.do === 'await' ? [step.text] : [],
);

/** What can be said when the story is over. */
export interface Outcome {
  /** How often a phone had to link the bot, and how often the bot asked for it. */
  readonly pairings: number;
  readonly qrRequests: number;
  readonly asked: number;
  readonly answered: number;
  readonly doubles: number;
  readonly isInOrder: boolean;
  /** How often each line of the conversation came. */
  readonly conversation: readonly number[];
  readonly unreadable: number;
}

export interface Verdict {
  readonly text: string;
  readonly isKept: boolean;
}

/** The promises, and whether each was kept. */
export function judge(outcome: Outcome): readonly Verdict[] {
  const { pairings, qrRequests, asked, answered, doubles, isInOrder, conversation, unreadable } = outcome;
  const isLinkedOnce = pairings === 1 && qrRequests === 1;
  const isWhole = conversation.every((times) => times === 1);
  const isAnswered = answered === asked && doubles === 0 && isInOrder;
  return [
    {
      text: isLinkedOnce
        ? 'One QR code, scanned once. After kill -9 nobody had to scan again.'
        : `One QR code, scanned once (in fact ${qrRequests} asked for, ${pairings} scanned).`,
      isKept: isLinkedOnce,
    },
    {
      text: isAnswered
        ? `${asked} questions, ${answered} answers: each once, in order.`
        : `${asked} questions, each answered once, in order (in fact ${answered} answered, ${doubles} twice${isInOrder ? '' : ', in another order'}).`,
      isKept: isAnswered,
    },
    {
      text: isWhole
        ? 'A conversation killed in the middle went on: each line of the bot once, nothing asked again.'
        : `A conversation killed in the middle goes on, each line of the bot once (in fact ${conversation.join(', ')} times).`,
      isKept: isWhole,
    },
    {
      text:
        unreadable === 0
          ? 'Every answer could be read at once: no "Waiting for this message".'
          : `Every answer could be read at once (in fact ${unreadable} could not).`,
      isKept: unreadable === 0,
    },
  ];
}
