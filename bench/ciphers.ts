/**
 * node --import tsx bench/ciphers.ts: what the ciphers cost for a command, by themselves: this program's libsignal, and
 * the Rust of `whatsapp-rust-bridge`, which Baileys brings along. docs/adr/0006 uses the figures.
 */
import { createRequire } from 'node:module';
import { Curve, generateSignalPubKey } from '@whiskeysockets/baileys';
import { repairLibSignal } from '../src/whatsapp/signal/libsignal-repair.ts';

type Bytes = Uint8Array;
interface Cipher {
  encrypt(plaintext: Bytes): Promise<{ type: number; body: Bytes | string }>;
  decryptWhisperMessage(ciphertext: Bytes): Promise<Bytes>;
  decryptPreKeyWhisperMessage(ciphertext: Bytes): Promise<Bytes>;
}
/** What both libraries have, under the same names. */
interface Signal {
  readonly SessionCipher: new (storage: object, address: object) => Cipher;
  readonly SessionBuilder: new (
    storage: object,
    address: object,
  ) => { initOutgoing(bundle: object): Promise<void> };
  readonly SessionRecord: { deserialize(stored: unknown): object };
  readonly ProtocolAddress: new (id: string, device: number) => object;
}
interface Stored {
  serialize(): object;
}

const COMMANDS = 2_000;
const WARM_UP = 500;
const load = createRequire(import.meta.url);

function newKeys() {
  const { public: pub, private: priv } = Curve.generateKeyPair();
  return { pubKey: Buffer.from(generateSignalPubKey(pub)), privKey: Buffer.from(priv) };
}

/** One of two who speak with each other. Its record is stored as text, and kept as the object that was stored. */
class Party {
  readonly #signal: Signal;
  readonly #isRust: boolean;
  readonly #identity = newKeys();
  readonly #signed = newKeys();
  readonly #oneTime = newKeys();
  readonly #address: object;
  readonly #storage: object;
  #record: object | undefined;
  /** What the store would write. */
  text = '';

  constructor(signal: Signal, isRust: boolean) {
    this.#signal = signal;
    this.#isRust = isRust;
    this.#address = new signal.ProtocolAddress('other', 0);
    const signature = Curve.sign(this.#identity.privKey, this.#signed.pubKey);
    this.#storage = {
      loadSession: async () =>
        this.#record && (isRust ? this.#record : signal.SessionRecord.deserialize(this.#record)),
      storeSession: async (_: string, record: Stored) => {
        this.#record = record.serialize();
        this.text = isRust
          ? Buffer.from(this.#record as Bytes).toString('base64')
          : JSON.stringify(this.#record);
      },
      isTrustedIdentity: () => true,
      loadPreKey: async () => this.#oneTime,
      removePreKey: () => {},
      loadSignedPreKey: () => (isRust ? { keyId: 1, keyPair: this.#signed, signature } : this.#signed),
      getOurRegistrationId: () => 1,
      getOurIdentity: () => this.#identity,
    };
  }

  async startWith(other: Party): Promise<void> {
    const signature = Curve.sign(other.#identity.privKey, other.#signed.pubKey);
    await new this.#signal.SessionBuilder(this.#storage, this.#address).initOutgoing({
      registrationId: 1,
      identityKey: other.#identity.pubKey,
      signedPreKey: { keyId: 1, publicKey: other.#signed.pubKey, signature },
      preKey: { keyId: 1, publicKey: other.#oneTime.pubKey },
    });
  }

  async write(): Promise<{ type: number; body: Buffer }> {
    const { type, body } = await this.#cipher().encrypt(Buffer.alloc(160, 1));
    return { type, body: typeof body === 'string' ? Buffer.from(body, 'binary') : Buffer.from(body) };
  }

  async read({ type, body }: { type: number; body: Buffer }): Promise<void> {
    const bytes = this.#isRust ? new Uint8Array(body) : body;
    if (type === 3) await this.#cipher().decryptPreKeyWhisperMessage(bytes);
    else await this.#cipher().decryptWhisperMessage(bytes);
  }

  #cipher(): Cipher {
    return new this.#signal.SessionCipher(this.#storage, this.#address);
  }
}

/** Milliseconds of CPU in which the bot reads a command and writes its answer; the person's work is not counted. */
async function costOf(signal: Signal, isRust: boolean, atOnce: number): Promise<number> {
  const bot = new Party(signal, isRust);
  const person = new Party(signal, isRust);
  await person.startWith(bot);
  await bot.read(await person.write());
  await person.read(await bot.write());
  let usedMs = 0;
  for (let done = 0; done < WARM_UP + COMMANDS; done += atOnce) {
    const commands = [];
    for (let n = 0; n < atOnce; n++) commands.push(await person.write());
    const before = process.cpuUsage();
    const answers = [];
    for (const command of commands) {
      await bot.read(command);
      answers.push(await bot.write());
    }
    const { user, system } = process.cpuUsage(before);
    if (done >= WARM_UP) usedMs += (user + system) / 1_000;
    for (const answer of answers) await person.read(answer);
  }
  return usedMs / COMMANDS;
}

repairLibSignal();
const js = load('libsignal') as Signal;
const rust = (await import('whatsapp-rust-bridge')) as unknown as Signal;
for (const [name, atOnce] of [
  ['burst of 20', 20],
  ['ping-pong', 1],
] as const) {
  const [ours, theirs] = [await costOf(js, false, atOnce), await costOf(rust, true, atOnce)];
  process.stdout.write(
    `${name}: libsignal ${ours.toFixed(3)} ms, Rust ${theirs.toFixed(3)} ms of CPU for a command; ` +
      `Rust saves ${(ours - theirs).toFixed(3)} ms\n`,
  );
}
