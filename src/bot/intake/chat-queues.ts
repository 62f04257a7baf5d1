/** One job at a time in each lane, in the order in which they came; lanes don't wait for each other. */
export class Lanes<T> {
  readonly #lanes = new Map<string, Array<() => void>>();
  #idle: Array<() => void> = [];

  /** How many jobs wait in this lane, the running one not counted. */
  waiting(lane: string): number {
    return this.#lanes.get(lane)?.length ?? 0;
  }

  /** `job` must not reject. It starts at once where the lane is free. */
  run(lane: string, job: () => Promise<T>): Promise<T> {
    const queue = this.#lanes.get(lane);
    if (queue === undefined) {
      this.#lanes.set(lane, []);
      return this.#start(lane, job);
    }
    return new Promise((resolve) => {
      queue.push(() => resolve(this.#start(lane, job)));
    });
  }

  /** Resolves when no job runs or waits. */
  whenIdle(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(lane: string, job: () => Promise<T>): Promise<T> {
    return job().finally(() => {
      const next = this.#lanes.get(lane)?.shift();
      if (next !== undefined) return next();
      this.#lanes.delete(lane);
      if (this.#lanes.size > 0) return;
      for (const resolve of this.#idle) resolve();
      this.#idle = [];
    });
  }
}
