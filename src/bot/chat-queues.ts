/** Runs one job at a time in each chat, in the order in which the jobs came. Chats do not wait for each other. */
export class ChatQueues<T> {
  /** The jobs that wait, by chat. A chat is in the map while one of its jobs runs. */
  readonly #waiting = new Map<string, Array<() => void>>();
  #idle: Array<() => void> = [];

  /** How many jobs of this chat wait, not counting the one that runs. */
  waiting(chat: string): number {
    return this.#waiting.get(chat)?.length ?? 0;
  }

  /** Whether a job of this chat runs or waits. */
  isBusy(chat: string): boolean {
    return this.#waiting.has(chat);
  }

  /** Starts `job` at once if no other job of the chat runs. Settles as the job does; the next job starts either way. */
  run(chat: string, job: () => Promise<T>): Promise<T> {
    const queue = this.#waiting.get(chat);
    if (queue === undefined) {
      this.#waiting.set(chat, []);
      return this.#start(chat, job);
    }
    return new Promise((resolve) => {
      queue.push(() => resolve(this.#start(chat, job)));
    });
  }

  /** Resolves when no job runs or waits. */
  whenIdle(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(chat: string, job: () => Promise<T>): Promise<T> {
    return job().finally(() => {
      const next = this.#waiting.get(chat)?.shift();
      if (next !== undefined) return next();
      this.#waiting.delete(chat);
      if (this.#waiting.size > 0) return;
      for (const resolve of this.#idle) resolve();
      this.#idle = [];
    });
  }
}
