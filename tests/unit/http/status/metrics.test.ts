import { afterEach, expect, test } from 'vitest';
import { ask, startServer, stopAll } from '../fakes.ts';

afterEach(stopAll);

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`;
// `Nan` is how the client writes it; Prometheus reads it in any case.
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL})(?:,${LABEL})*)\\})? ([0-9.eE+-]+|Nan|[+-]Inf)$`);

/** Reads the text format, strictly (https://prometheus.io/docs/instrumenting/exposition_formats/). */
function parse(text: string): { types: Map<string, string>; samples: Sample[] } {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n').filter((one) => one !== '')) {
    if (line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type) {
      expect(types.has(type[1] ?? ''), `${type[1]} is declared once`).toBe(false);
      types.set(type[1] ?? '', type[2] ?? '');
      continue;
    }
    const sample = SAMPLE.exec(line);
    expect(sample, line).not.toBeNull();
    const pairs = [...(sample?.[2] ?? '').matchAll(new RegExp(`(${NAME})="((?:[^"\\\\]|\\\\.)*)"`, 'g'))];
    const labels = Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
    samples.push({ name: sample?.[1] ?? '', labels, value: Number(sample?.[3]) });
  }
  return { types, samples };
}

async function scrape(port: number): Promise<ReturnType<typeof parse>> {
  const reply = await ask(port, '/metrics');
  expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(reply.body.endsWith('\n')).toBe(true);
  return parse(reply.body);
}

test('every metric has a type, and its name says its unit', async () => {
  const { port } = await startServer();
  const { types, samples } = await scrape(port);
  for (const { name } of samples) {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    expect(types.has(name) || types.get(base) === 'histogram', name).toBe(true);
  }
  for (const [name, type] of types) {
    if (name.startsWith('perennial_')) expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
  expect(types.get('process_resident_memory_bytes')).toBe('gauge');
  expect(types.get('nodejs_eventloop_lag_p99_seconds')).toBe('gauge');
});

test('the metrics have the counters, gauges and states of the bot', async () => {
  const { port, status } = await startServer();
  const { samples } = await scrape(port);
  const value = (name: string, labels: object = {}): number | undefined =>
    samples.find((one) => one.name === name && JSON.stringify(one.labels) === JSON.stringify(labels))?.value;
  expect(value('perennial_info', { version: '1.2.3' })).toBe(1);
  expect(value('perennial_connected')).toBe(1);
  expect(value('perennial_connection_state', { state: 'open' })).toBe(1);
  expect(value('perennial_connection_state', { state: 'waiting' })).toBe(0);
  expect(value('perennial_linked')).toBe(1);
  expect(value('perennial_reconnects_total', { reason: 'network' })).toBe(4);
  expect(value('perennial_reconnects_total', { reason: 'banned' })).toBe(0);
  expect(value('perennial_messages_received_total')).toBe(1_234);
  expect(value('perennial_messages_ignored_total', { reason: 'too-old' })).toBe(3);
  expect(value('perennial_messages_answered_total')).toBe(1_000);
  expect(value('perennial_messages_failed_total')).toBe(2);
  expect(value('perennial_sends_acknowledged_total')).toBe(1_005);
  expect(value('perennial_send_queue_messages')).toBe(6);
  expect(value('perennial_journal_bytes')).toBe(45_678);
  expect(value('perennial_last_acknowledged_timestamp_seconds')).toBe((status.now.lastSentAtMs ?? 0) / 1_000);
});

test('a second scrape of the metrics has the new values, and leaves unknown ones out', async () => {
  const { port, status } = await startServer();
  const before = await scrape(port);
  expect(before.samples.some(({ name }) => name === 'perennial_phone_seen_timestamp_seconds')).toBe(false);
  status.change({ received: 1_300, phoneSeenAtMs: 1_600_000_000_000, situation: { kind: 'connecting' } });
  const { samples } = await scrape(port);
  const sampleOf = (name: string) => samples.find((one) => one.name === name)?.value;
  expect(sampleOf('perennial_messages_received_total')).toBe(1_300);
  expect(sampleOf('perennial_phone_seen_timestamp_seconds')).toBe(1_600_000_000);
  expect(sampleOf('perennial_connected')).toBe(0);
});

test('the times of sends and replies are in histograms', async () => {
  const { port, status } = await startServer();
  status.time({ kind: 'send', ms: 40 });
  status.time({ kind: 'send', ms: 700 });
  status.time({ kind: 'reply', ms: 90 });
  const { samples, types } = await scrape(port);
  expect(types.get('perennial_send_duration_seconds')).toBe('histogram');
  const bucket = (name: string, le: string): number | undefined =>
    samples.find((one) => one.name === `${name}_bucket` && one.labels.le === le)?.value;
  expect(bucket('perennial_send_duration_seconds', '0.05')).toBe(1);
  expect(bucket('perennial_send_duration_seconds', '1')).toBe(2);
  expect(bucket('perennial_send_duration_seconds', '+Inf')).toBe(2);
  expect(bucket('perennial_reply_latency_seconds', '0.1')).toBe(1);
  expect(samples.find(({ name }) => name === 'perennial_send_duration_seconds_sum')?.value).toBeCloseTo(0.74);
});

test('two bots in one process have metrics of their own', async () => {
  const one = await startServer();
  const other = await startServer();
  one.status.time({ kind: 'send', ms: 40 });
  const count = async (port: number) =>
    (await scrape(port)).samples.find(({ name }) => name === 'perennial_send_duration_seconds_count')?.value;
  expect([await count(one.port), await count(other.port)]).toEqual([1, 0]);
});
