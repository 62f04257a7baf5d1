import { createHash } from 'node:crypto';
import { isTemporary, messageOf } from '../../core/errors.ts';
import { DAY_MS } from '../../core/limits/limit-units.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { AskOptions } from '../context.ts';
import { isRefusal, Refusal } from '../refusal.ts';
import type { HandlerRun } from '../run/handler-run.ts';
import { Interrupted } from '../run/interrupted-error.ts';
import type { Sent } from '../send/sent.ts';
import { AskTimeout, StepFailed } from './conversation-errors.ts';
import type { ConversationLog, ConversationLogParts } from './conversation-log.ts';
import type { Entry } from './conversation-row.ts';
import { jsonCopy } from './json-value.ts';

export interface ReplayParts extends ConversationLogParts {
  thaw(text: string): IncomingMessage | undefined;
  /** Called when a conversation begins to wait. */
  onWaiting(): void;
}

const { timeMs: MAX_WAIT_MS } = LIMITS['table:runs'];
/** A sleep that is shorter does not end the run. */
const SHORT_SLEEP_MS = 1_000;
const { count: MAX_ENTRIES } = LIMITS['runs:log'];

/** A promise that never settles: the handler runs again from its start when the answer or the time has come. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** The remembered calls of one run of a handler: finds the results of earlier calls in the log, and adds new ones. */
export class Replay {
  readonly #parts: ReplayParts;
  readonly #run: HandlerRun;
  readonly #idKey: string;
  readonly #log: ConversationLog;
  #calls = 0;
  #randoms = 0;
  /** Remembered calls that have not ended, as an error names them. */
  readonly #steps = new Set<string>();
  readonly #waits = new Set<string>();

  /** `idKey` is the one of the conversation, see `ConversationRow`. */
  constructor(parts: ReplayParts, run: HandlerRun, idKey: string, log: ConversationLog) {
    this.#parts = parts;
    this.#run = run;
    this.#idKey = idKey;
    this.#log = log;
  }

  /** The key of the row, if this run has one. */
  get storedId(): string | undefined {
    return this.#log.storedId;
  }

  /** Whether WhatsApp acknowledged the send with this number in an earlier run. */
  isSent(sendNumber: number): boolean {
    return this.#log.entries.some((entry) => 'sends' in entry && entry.sends >= sendNumber);
  }

  /** What the log has and this run did not ask for. */
  get leftOver(): Entry | undefined {
    return this.#log.entries.find(({ at }) => at >= this.#calls);
  }

  async step(name: string, work: (key: string, signal: AbortSignal) => unknown): Promise<unknown> {
    this.#run.check();
    checkNone(this.#waits, 'step');
    const at = this.#next();
    const found = this.#log.at(at);
    if (found !== undefined) {
      if (found.kind !== 'step' || found.name !== name) return this.#changed(at, `step ${name}`, found);
      if (found.failed === undefined) return structuredClone(found.value);
      throw found.isRefusal ? new Refusal(found.failed) : new StepFailed(found.failed);
    }
    const call = `the step "${name}"`;
    this.#steps.add(call);
    try {
      // Before the work: a step of a conversation that is refused must not run.
      await this.#log.begin();
      const result = await work(shortHash(`${this.#idKey}\nstep\n${at}`, 32), this.#run.signal);
      const value = jsonCopy(result, `the result of step "${name}"`);
      await this.#store({ at, kind: 'step', name, ...(value === undefined ? {} : { value }) });
      return value;
    } catch (error) {
      await this.#rememberFailure(at, name, error);
      throw error;
    } finally {
      this.#steps.delete(call);
    }
  }

  /** `send` sends the question under the next send number. Resolves with the answer, or ends the run. */
  async ask(
    question: string,
    choices: readonly string[] | undefined,
    options: AskOptions,
    send: () => Promise<Sent>,
  ): Promise<{ readonly message: IncomingMessage; readonly option: string | undefined }> {
    this.#run.check();
    const timeoutMs = options.timeoutMs ?? DAY_MS;
    checkWait('timeoutMs', timeoutMs);
    this.#checkAlone('ask');
    const at = this.#next();
    const hash = shortHash(JSON.stringify([question, choices]));
    const found = this.#log.at(at);
    if (found === undefined) {
      return this.#alone('ask()', async () => {
        // Before the question: a conversation that is refused must not ask.
        await this.#log.beginToWait();
        const { id } = await send();
        await this.#run.whenSent();
        const untilMs = this.#parts.clock.now() + timeoutMs;
        const rest = {
          sentId: id,
          sends: this.#run.sendCount,
          untilMs,
          ...(choices && { options: choices }),
        };
        await this.#store({ at, kind: 'ask', question: hash, ...rest });
        return this.#suspend();
      });
    }
    if (found.kind !== 'ask' || found.question !== hash) return this.#changed(at, 'ask', found);
    this.#run.nextSendNumber(); // a send of an earlier run keeps its number
    if (found.answer === undefined) return this.#suspend();
    if (found.answer.kind === 'timed-out') throw new AskTimeout();
    const message = this.#parts.thaw(found.answer.frozen);
    if (message === undefined) return this.#changed(at, 'a readable answer', found);
    return { message, option: found.answer.option };
  }

  async sleep(ms: number): Promise<void> {
    this.#run.check();
    checkWait('ms', ms);
    this.#checkAlone('sleep');
    const at = this.#next();
    const found = this.#log.at(at);
    const now = this.#parts.clock.now();
    if (found !== undefined && found.kind !== 'sleep') return this.#changed(at, 'sleep', found);
    const untilMs = found?.untilMs ?? now + ms;
    if (found?.isOver) return;
    const sleep = found ?? ({ at, kind: 'sleep', sends: this.#run.sendCount, untilMs } as const);
    await this.#alone('sleep()', async () => {
      if (found === undefined) {
        await this.#run.whenSent();
        await this.#log.beginToWait();
        await this.#store(sleep);
      }
      const leftMs = untilMs - now;
      if (leftMs > SHORT_SLEEP_MS) return this.#suspend();
      if (leftMs > 0) await this.#run.track(this.#parts.clock.sleep(leftMs, this.#run.signal));
      await this.#store({ ...sleep, isOver: true });
    });
  }

  now(): number {
    const at = this.#next();
    const found = this.#log.at(at);
    if (found?.kind === 'now') return found.ms;
    if (found !== undefined) {
      void this.#changed(at, 'now', found);
      this.#run.check();
    }
    const ms = this.#parts.clock.now();
    this.#log.addLater({ at, kind: 'now', ms });
    return ms;
  }

  /** Made from the key of the starting message, so that it need not be kept. */
  random(): number {
    this.#randoms += 1;
    const digest = createHash('sha256').update(`${this.#idKey}\nrandom\n${this.#randoms}`).digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  }

  /** Writes the entries that must be on disk before a person can see their effect. */
  async flush(): Promise<void> {
    if (this.#log.hasUnwritten) await this.#log.write([]);
  }

  get hasUnwritten(): boolean {
    return this.#log.hasUnwritten;
  }

  /** The work was done, so it is not done again: also if its result is no JSON, or too large for the log. */
  async #rememberFailure(at: number, name: string, error: unknown): Promise<void> {
    this.#run.check();
    // An error that may pass is not remembered, because a later run may succeed.
    if (error instanceof Interrupted || isTemporary(error)) return;
    const failed = messageOf(error).slice(0, 1_000);
    await this.#store({ at, kind: 'step', name, failed, ...(isRefusal(error) && { isRefusal: true }) });
  }

  #next(): number {
    this.#calls += 1;
    if (this.#calls > MAX_ENTRIES)
      throw new RangeError(`a conversation may have at most ${MAX_ENTRIES} remembered calls`);
    return this.#calls - 1;
  }

  #checkAlone(call: string): void {
    checkNone(this.#steps, call);
    checkNone(this.#waits, call);
  }

  /** No other remembered call may begin before this one has ended. */
  async #alone<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.#waits.add(call);
    try {
      return await work();
    } finally {
      this.#waits.delete(call);
    }
  }

  async #store(entry: Entry): Promise<void> {
    this.#run.check();
    await this.#log.write([entry]);
  }

  #suspend<T>(): Promise<T> {
    this.#run.suspend();
    this.#parts.onWaiting();
    return never();
  }

  /** The handler asks for something else than the log has: it was changed since the conversation began. */
  #changed<T>(at: number, wanted: string, found: Entry): Promise<T> {
    const has = found.kind === 'step' ? `step ${found.name}` : found.kind;
    this.#run.end({ kind: 'changed', at, wanted, found: has });
    return never();
  }
}

function checkNone(open: ReadonlySet<string>, call: string): void {
  const [first] = open;
  if (first !== undefined) throw new Error(`await ${first} before you call ${call}()`);
}

function checkWait(name: string, ms: number): void {
  if (!(ms >= 0 && ms <= MAX_WAIT_MS))
    throw new RangeError(`${name} must be 0 to ${MAX_WAIT_MS} milliseconds (30 days)`);
}

const shortHash = (text: string, length = 16): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);
