import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { App } from '../../../src/app/app.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { waitForQr } from '../../../src/simulator/pairing/qr-camera.ts';
import { SimulatedWhatsApp } from '../../../src/simulator/server/simulated-whatsapp.ts';
import { within } from './deadline.ts';
import { copyFolder, makeFolder } from './folder.ts';
import { pairedOnce } from './rig.ts';

/** The whole program in this process, as often as it is started, on one folder and one WhatsApp. */
export class Program {
  readonly wa = new SimulatedWhatsApp();
  readonly folder = makeFolder();
  readonly lines: string[] = [];
  #app: App | undefined;

  /**
   * Starts the program, linked. The pairing itself is done once for all tests of a worker: this program gets copies of
   * the session folder and of the account.
   */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.wa.devices.length === 0) {
      const once = await pairedOnce();
      this.wa.adoptAccount(once.wa);
      copyFolder(once.folder, this.folder);
    }
    await this.#start(env);
  }

  /** Starts the program on an empty folder and scans the QR. */
  async pairAnew(): Promise<void> {
    await this.#start({});
  }

  async #start(env: Readonly<Record<string, string>>): Promise<void> {
    await this.wa.start();
    const config = loadConfig({
      SESSION_PATH: this.folder,
      WA_WEBSOCKET_URL: this.wa.url,
      WA_ROOT_KEY: this.wa.rootKey,
      TYPING_DELAY_MS: '0',
      SENDS_PER_MINUTE: '0',
      SENDS_PER_CHAT_PER_MINUTE: '0',
      RECONNECT_DELAY_MS: '20',
      ...env,
    });
    const write = (line: string): void => void this.lines.push(line);
    const log = createLogger({ level: 'info', format: 'json', isTerminal: false, stream: { write } });
    const isLinked = this.wa.devices.length > 0;
    const opened = new Promise<void>((resolve) => {
      this.wa.events.on('opened', (companion) => {
        if (companion.hasHistory || !isLinked) resolve();
      });
    });
    this.#app = new App(config, {
      log,
      output: { write: () => {} },
      isTerminal: false,
      terminalSize: () => undefined,
      isDevelopment: false,
      requests: new EventEmitter(),
    });
    void this.#app.start();
    if (!isLinked) {
      await this.wa.phone.scan(
        await waitForQr(join(this.folder, 'qr-code.png'), AbortSignal.timeout(10_000)),
      );
    }
    await within(opened, 'the login', 15_000);
  }

  /** The bot of the running program. */
  get bot(): App['bot'] {
    if (!this.#app) throw new Error('the program was not started');
    return this.#app.bot;
  }

  async stop(): Promise<void> {
    await within(this.#app?.stop() ?? Promise.resolve(), 'the stop of the program', 5_000);
  }

  async destroy(): Promise<void> {
    await this.stop();
    await this.wa.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
