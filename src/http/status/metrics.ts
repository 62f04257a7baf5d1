import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { limitsReached } from '../../core/limits/limit-counts.ts';
import { messageCounts } from '../../core/messages/message-records.ts';
import { refusals } from '../../core/refusal-counts.ts';
import { SITUATIONS, type StatusSnapshot, type StatusSource } from './status-source.ts';

type Labelled = ReadonlyArray<readonly [labels: Record<string, string>, value: number]>;

/** Metrics of the process: memory, CPU, event loop, garbage collection. They are registered once and stay. */
let processRegistry: Registry | undefined;

function processMetrics(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

const TIMING_BUCKETS_S = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The metrics for Prometheus. All counters and gauges of one scrape come from one snapshot. */
export class Metrics {
  readonly #status: StatusSource;
  readonly #registry = new Registry();
  readonly #unsubscribe: () => void;
  #snapshot: StatusSnapshot;

  constructor(status: StatusSource) {
    this.#status = status;
    this.#snapshot = status.snapshot();
    this.#addGauges();
    this.#addCounters();
    const histograms = {
      send: this.#histogram(
        'perennial_send_duration_seconds',
        'From the wire to the acknowledgement of WhatsApp.',
      ),
      reply: this.#histogram(
        'perennial_reply_latency_seconds',
        'From a message to its first acknowledged answer.',
      ),
    };
    this.#unsubscribe = status.onTiming(({ kind, ms }) => histograms[kind].observe(ms / 1000));
    processMetrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#snapshot = this.#status.snapshot();
    return `${await this.#registry.metrics()}\n${await processMetrics().metrics()}`;
  }

  stop(): void {
    this.#unsubscribe();
  }

  #addGauges(): void {
    this.#gauge('perennial_info', 'The running version; always 1.', ['version'], (now) => [
      [{ version: now.version }, 1],
    ]);
    this.#gauge(
      'perennial_connection_state',
      '1 for the present state of the connection, 0 for the others.',
      ['state'],
      (now) => SITUATIONS.map((state) => [{ state }, state === now.situation.kind ? 1 : 0]),
    );
    this.#simpleGauge('perennial_connected', '1 while connected to WhatsApp.', (now) =>
      now.situation.kind === 'open' ? 1 : 0,
    );
    this.#simpleGauge('perennial_connection_state_since_timestamp_seconds', 'When this state began.', (now) =>
      seconds(now.sinceMs),
    );
    this.#simpleGauge('perennial_linked', '1 while an account is linked.', (now) => (now.account ? 1 : 0));
    this.#simpleGauge('perennial_send_queue_messages', 'Messages that wait to be sent.', (now) => now.queued);
    this.#simpleGauge(
      'perennial_messages_set_aside',
      'Messages, reminders, conversations and times of schedules that were given up.',
      (now) => now.setAside ?? 0,
    );
    this.#simpleGauge('perennial_reminders_kept', 'Messages that are due later.', (now) => now.reminders);
    this.#simpleGauge(
      'perennial_journal_bytes',
      'Changes not yet in the session files.',
      (now) => now.journalBytes,
    );
    this.#simpleGauge(
      'perennial_refused_logins',
      'Logins in a row that were refused.',
      (now) => now.refusedLogins,
    );
    this.#simpleGauge('perennial_last_acknowledged_timestamp_seconds', 'Last acknowledged send.', (now) =>
      seconds(now.lastSentAtMs),
    );
    this.#simpleGauge('perennial_phone_seen_timestamp_seconds', "Last sign of the account's phone.", (now) =>
      seconds(now.phoneSeenAtMs),
    );
  }

  #addCounters(): void {
    const byReason = (counts: Readonly<Record<string, number>>): Labelled =>
      Object.entries(counts).map(([reason, count]) => [{ reason }, count]);
    this.#counter(
      'perennial_reconnects_total',
      'Reconnects, by what made them necessary.',
      ['reason'],
      (now) => byReason(now.reconnects),
    );
    this.#counter('perennial_messages_received_total', 'Messages that came in.', [], (now) => [
      [{}, now.received],
    ]);
    this.#counter('perennial_messages_ignored_total', 'Messages not looked at.', ['reason'], (now) =>
      byReason(now.ignored),
    );
    this.#counter('perennial_messages_answered_total', 'Commands that were answered.', [], (now) => [
      [{}, now.answered],
    ]);
    this.#counter('perennial_messages_failed_total', 'Commands that failed.', [], (now) => [
      [{}, now.failed],
    ]);
    this.#counter(
      'perennial_limits_reached_total',
      'How often a limit was reached: docs/operating.md lists them.',
      ['limit'],
      () => limitsReached().map(([limit, times]) => [{ limit }, times]),
    );
    this.#counter(
      'perennial_messages_total',
      'Messages by what became of them; docs/operating.md explains the outcomes.',
      ['outcome'],
      () => messageCounts().map(([outcome, times]) => [{ outcome }, times]),
    );
    this.#gauge('perennial_table_rows', 'Rows of each durable table of the session.', ['table'], (now) =>
      Object.entries(now.tableRows ?? {}).map(([table, rows]) => [{ table }, rows]),
    );
    this.#counter(
      'perennial_refusals_total',
      'Requests that WhatsApp refused or put off, by its code.',
      ['code'],
      () => refusals().map(([code, times]) => [{ code }, times]),
    );
    this.#counter('perennial_sends_acknowledged_total', 'Sends that WhatsApp acknowledged.', [], (now) => [
      [{}, now.sent],
    ]);
  }

  /** A gauge. It has no value while `read` gives undefined. */
  #simpleGauge(name: string, help: string, read: (now: StatusSnapshot) => number | undefined): void {
    this.#gauge(name, help, [], (now) => {
      const value = read(now);
      return value === undefined ? [] : [[{}, value]];
    });
  }

  #gauge(name: string, help: string, labelNames: string[], read: (now: StatusSnapshot) => Labelled): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect: () => {
        gauge.reset();
        const values = read(this.#snapshot);
        if (values.length === 0 && labelNames.length === 0) gauge.remove();
        for (const [labels, value] of values) gauge.set(labels, value);
      },
    });
  }

  #counter(name: string, help: string, labelNames: string[], read: (now: StatusSnapshot) => Labelled): void {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        for (const [labels, value] of read(this.#snapshot)) counter.inc(labels, value);
      },
    });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: TIMING_BUCKETS_S, registers: [this.#registry] });
  }
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
