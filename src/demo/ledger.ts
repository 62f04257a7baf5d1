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
  /** An answer to nothing: a reminder, or what a command sends by itself. */
  | { readonly kind: 'message' }
  /** Another phone in the same group has told of it. */
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

  /** How it stands with these questions; default all. */
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
