/** Somebody wrote to the bot. */
export interface Question {
  readonly id: string;
  readonly who: string;
  readonly text: string;
  readonly askedAtMs: number;
  /** Its answers are counted, and not shown. */
  readonly isQuiet: boolean;
}

/** A phone has read a message of the bot. */
export interface Received {
  readonly id: string;
  /** Where people see it: a person's chat with the bot, or a group. */
  readonly place: string;
  readonly text: string;
  readonly quotedId: string | undefined;
  readonly atMs: number;
}

export type Arrival =
  | { readonly kind: 'answer'; readonly question: Question; readonly afterMs: number }
  /** The same text in answer to the same message, as a new message: the person sees it twice. */
  | { readonly kind: 'double'; readonly question: Question; readonly afterMs: number }
  /** A message that quotes no question: a reminder, or what a command sends by itself. */
  | { readonly kind: 'message' }
  /** Another phone in the same group has shown the same message. */
  | { readonly kind: 'known' };

export interface Tally {
  readonly asked: number;
  readonly answered: number;
  readonly doubles: number;
  readonly isInOrder: boolean;
  /** From the first question to the last answer. */
  readonly tookMs: number;
}

interface Entry {
  readonly question: Question;
  readonly answers: Received[];
}

/** Who asked what, and what came back: the one place that knows whether each was answered, once, in order. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #seen = new Set<string>();
  /** The texts of all messages, each once, by place. */
  readonly #texts: Array<{ readonly place: string; readonly text: string }> = [];
  /** Ids of questions in the order of their first answers. */
  readonly #answeredIds: string[] = [];
  /** Ids of questions, once for each double answer. */
  readonly #doubledIds: string[] = [];

  asked(question: Question): void {
    this.#entries.set(question.id, { question, answers: [] });
  }

  received(message: Received): Arrival {
    const key = `${message.place} ${message.id}`;
    if (this.#seen.has(key)) return { kind: 'known' };
    this.#seen.add(key);
    this.#texts.push({ place: message.place, text: message.text });
    const entry = message.quotedId === undefined ? undefined : this.#entries.get(message.quotedId);
    if (entry === undefined) return { kind: 'message' };
    const { question, answers } = entry;
    const afterMs = message.atMs - question.askedAtMs;
    const isDouble = answers.some(({ text }) => text === message.text);
    if (answers.length === 0) this.#answeredIds.push(question.id);
    answers.push(message);
    if (!isDouble) return { kind: 'answer', question, afterMs };
    this.#doubledIds.push(question.id);
    return { kind: 'double', question, afterMs };
  }

  /** How many messages with these words came to a place. */
  count(place: string, words: string): number {
    return this.#texts.filter((one) => one.place === place && one.text.includes(words)).length;
  }

  /** The state of these questions; default all. */
  tally(ids: readonly string[] = [...this.#entries.keys()]): Tally {
    const wanted = new Set(ids);
    const asked = ids.flatMap((id) => this.#entries.get(id) ?? []);
    const answeredIds = this.#answeredIds.filter((id) => wanted.has(id));
    const times = asked.flatMap(({ answers }) => answers.map(({ atMs }) => atMs));
    const startedAtMs = Math.min(...asked.map(({ question }) => question.askedAtMs));
    return {
      asked: asked.length,
      answered: answeredIds.length,
      doubles: this.#doubledIds.filter((id) => wanted.has(id)).length,
      isInOrder: isSorted(answeredIds.map((id) => ids.indexOf(id))),
      tookMs: times.length === 0 ? 0 : Math.max(...times) - startedAtMs,
    };
  }
}

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number >= (numbers[index - 1] ?? number));
}

/** The result of the story. */
export interface StoryResult {
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
export function judge(result: StoryResult): readonly Verdict[] {
  const { pairings, qrRequests, asked, answered, doubles, isInOrder, conversation, unreadable } = result;
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
