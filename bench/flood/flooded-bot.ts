import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../src/simulator/phones/person.ts';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess } from '../bots.ts';
import type { Flood } from './flood.ts';
import { type FloodResult, missedBy } from './flood-result.ts';
import { OrdinaryPerson } from './ordinary-person.ts';
import { Supervisor } from './supervisor.ts';
import { TrafficMeter } from './traffic-meter.ts';

const MIB = 1024 * 1024;
/** The memory of the bot and its children together. */
const MEMORY_BYTES = 512 * MIB;

export interface FloodLength {
  readonly seconds: number;
  /** The flood goes on until the ordinary person has asked this number of questions. Default 0. */
  readonly questions?: number;
  /** A heavy flood goes on until this many bytes were received, however slow the machine is. Default 0. */
  readonly heavyBytes?: number;
  /** How often the ordinary person asks, in milliseconds. Default 1,000. */
  readonly questionEveryMs?: number;
}

/** A WhatsApp of its own and a paired bot that is flooded, once or several times in turn. */
export class FloodedBot {
  readonly #simulator = new SimulatedWhatsApp();
  readonly #folder = mkdtempSync(join(tmpdir(), 'flood-'));
  /** Without it the bot can fetch no picture. */
  readonly #certificate = join(this.#folder, '..', `${basename(this.#folder)}.pem`);
  #meter: TrafficMeter | undefined;
  #bot: BotProcess | undefined;
  #person: Person | undefined;
  #httpPort = 0;

  /** Resolves when the bot is paired and has answered. */
  async start(): Promise<void> {
    const simulator = this.#simulator;
    await simulator.start();
    this.#meter = new TrafficMeter(simulator.url);
    await this.#meter.start();
    this.#httpPort = await freePort();
    writeFileSync(this.#certificate, simulator.media.identity.cert);
    const server = { url: this.#meter.url, rootKey: simulator.rootKey };
    this.#bot = new BotProcess('perennial', this.#folder, server, {
      LOG_LEVEL: 'warn',
      HTTP_PORT: String(this.#httpPort),
      NODE_EXTRA_CA_CERTS: this.#certificate,
    });
    this.#bot.start();
    await this.#bot.pair(simulator);
    this.#person = simulator.addPerson({ addressing: 'mixed' });
    const { id } = await this.#person.send('!ping');
    await this.#person.waitForMessage(({ quotedId }) => quotedId === id, 30_000);
  }

  /** Floods the bot while an ordinary person writes to it, and counts. */
  async flood(flood: Flood, length: FloodLength): Promise<FloodResult> {
    const { seconds, questions = 0, heavyBytes = 0, questionEveryMs } = length;
    const [simulator, meter, bot, person] = [this.#simulator, this.#meter, this.#bot, this.#person];
    if (!meter || !bot || !person) throw new Error('the bot to flood is not started');
    const supervisor = new Supervisor(bot, MEMORY_BYTES);
    supervisor.start();
    const before = { received: meter.received, sent: meter.sent, written: supervisor.figures.written };
    const ordinary = new OrdinaryPerson(person, questionEveryMs);
    const over = new AbortController();
    let alsoReceived = 0;
    const world = {
      simulator,
      httpPort: this.#httpPort,
      alsoReceived: (bytes: number) => {
        alsoReceived += bytes;
      },
    };
    const receivedBytes = (): number => meter.received - before.received + alsoReceived;
    const hasEnough = (): boolean =>
      ordinary.figures.questions >= questions && (!flood.isHeavy || receivedBytes() >= heavyBytes);
    try {
      const work = [flood.run(world, over.signal), ordinary.askUntil(over.signal)];
      const isLongEnough = Promise.all([sleep(seconds * 1_000), until(hasEnough, over.signal)]);
      await Promise.race([isLongEnough, Promise.all(work)]);
      over.abort();
      await Promise.all(work);
      await ordinary.settle();
    } finally {
      over.abort();
      supervisor.stop();
    }
    const { written, residentBytes, ...figures } = supervisor.figures;
    const result = {
      ...figures,
      ...ordinary.figures,
      residentPeakBytes: residentBytes,
      receivedBytes: receivedBytes(),
      // Everything else that it writes goes to WhatsApp.
      writtenBytes: Math.max(0, written - before.written - (meter.sent - before.sent)),
      logins: simulator.counters.logins,
      lines: bot.lines.slice(-20),
    };
    return { ...result, missed: missedBy(result, flood) };
  }

  async stop(): Promise<void> {
    await this.#bot?.end('SIGKILL');
    await this.#simulator.stop();
    this.#meter?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    rmSync(this.#certificate, { force: true });
  }
}

async function until(isTrue: () => boolean, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !isTrue()) await sleep(50);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
