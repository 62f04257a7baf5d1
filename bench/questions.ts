import { setTimeout as sleep } from 'node:timers/promises';
import type { Group } from '../src/simulator/phones/group.ts';
import type { Person } from '../src/simulator/phones/person.ts';

/** How many questions were answered, and how. */
export interface Answered {
  readonly sent: number;
  readonly unanswered: number;
  /** Questions that got two answers under different ids: those a phone would show twice. */
  readonly answeredTwice: number;
  readonly unreadable: number;
  /** Answers that could be read, but only after the phone had asked for them again. */
  readonly readableLater: number;
}

/** How many questions may be open before people wait for answers. */
const MOST_OPEN = 100;

/** The questions that people ask, and the answers that they get. */
export class Questions {
  readonly #people: readonly Person[];
  readonly #group: Group;
  readonly #random: () => number;
  readonly #asked: Array<{ person: Person; id: string; isInGroup: boolean }> = [];
  /** The ids of the answers that each person got to each question, and how far their inbox was read for them. */
  readonly #answers = new Map<string, Set<string>>();
  readonly #read = new Map<Person, number>();
  #isOver = false;
  /** The next question waits for this, if it is set. */
  #silence: Promise<void> | undefined;

  constructor(people: readonly Person[], group: Group, random: () => number) {
    this.#people = people;
    this.#group = group;
    this.#random = random;
  }

  async askEvery(ms: number): Promise<void> {
    while (!this.#isOver) {
      await this.#silence;
      // On a busy machine people would ask more between two kills than the bot can answer.
      while (!this.#isOver && this.#countOpen() > MOST_OPEN) await sleep(ms);
      const person = this.#people[Math.floor(this.#random() * this.#people.length)];
      if (!person) throw new Error('there are no people who can ask');
      const isInGroup = this.#random() < 0.2;
      const { id } = await person.send('!ping', isInGroup ? this.#group : undefined);
      this.#asked.push({ person, id, isInGroup });
      await sleep(ms);
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Asks no question until `work` is done. */
  async pauseFor<T>(work: () => Promise<T>): Promise<T> {
    const done = work();
    this.#silence = done.then(
      () => {},
      () => {},
    );
    try {
      return await done;
    } finally {
      this.#silence = undefined;
    }
  }

  #answersTo({ person, id }: { person: Person; id: string }): number {
    return this.#answers.get(`${person.name} ${id}`)?.size ?? 0;
  }

  #countOpen(): number {
    this.#readInboxes();
    return this.#asked.filter((question) => this.#answersTo(question) === 0).length;
  }

  #readInboxes(): void {
    for (const person of this.#people) {
      for (const { id, quotedId } of person.inbox.slice(this.#read.get(person) ?? 0)) {
        if (quotedId === undefined) continue;
        const key = `${person.name} ${quotedId}`;
        this.#answers.set(key, (this.#answers.get(key) ?? new Set()).add(id));
      }
      this.#read.set(person, person.inbox.length);
    }
  }

  /** Resolves when all questions are answered, or when no answer came for `withoutAnswerMs`. */
  async settle(withoutAnswerMs: number): Promise<void> {
    let open = this.#countOpen();
    let deadline = Date.now() + withoutAnswerMs;
    while (open > 0 && Date.now() < deadline) {
      await sleep(200);
      const stillOpen = this.#countOpen();
      if (stillOpen < open) deadline = Date.now() + withoutAnswerMs;
      open = stillOpen;
    }
  }

  /** The questions without an answer, as `number: person, chat, id`. */
  open(): string[] {
    this.#readInboxes();
    return this.#asked.flatMap((question, index) => {
      const { person, isInGroup } = question;
      if (this.#answersTo(question) > 0) return [];
      return [
        `${index} of ${this.#asked.length}: ${person.name}, ${isInGroup ? 'group' : 'direct'}, ${question.id}`,
      ];
    });
  }

  openIds(): string[] {
    this.#readInboxes();
    return this.#asked.filter((question) => this.#answersTo(question) === 0).map(({ id }) => id);
  }

  count(): Answered {
    this.#readInboxes();
    const answers = this.#asked.map((question) => this.#answersTo(question));
    const unreadable = this.#people.flatMap((person) => person.unreadable);
    return {
      sent: this.#asked.length,
      unanswered: answers.filter((count) => count === 0).length,
      answeredTwice: answers.filter((count) => count > 1).length,
      unreadable: unreadable.filter((message) => !message.isRecovered).length,
      readableLater: unreadable.filter((message) => message.isRecovered).length,
    };
  }
}
