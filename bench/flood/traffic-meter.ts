import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** A TCP proxy before the simulator that counts what goes through it. */
export class TrafficMeter {
  /** Bytes for the bot. */
  received = 0;
  /** Bytes from the bot. */
  sent = 0;
  readonly #target: URL;
  #server: Server | undefined;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  /** The address that the bot has to use. Valid after `start`. */
  get url(): string {
    const address = this.#server?.address() as AddressInfo | undefined;
    const url = new URL(this.#target);
    url.port = String(address?.port);
    return url.href;
  }

  async start(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (bot) => {
      const whatsapp = connect({ port: Number(this.#target.port), host: '127.0.0.1', allowHalfOpen: true });
      whatsapp.on('data', ({ length }) => {
        this.received += length;
      });
      bot.on('data', ({ length }) => {
        this.sent += length;
      });
      bot.pipe(whatsapp).pipe(bot);
      for (const [one, other] of [
        [bot, whatsapp],
        [whatsapp, bot],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server?.close();
  }
}
