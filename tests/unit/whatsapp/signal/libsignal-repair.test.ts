import { createRequire } from 'node:module';
import { Curve, generateSignalPubKey } from '@whiskeysockets/baileys';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { repairLibSignal } from '../../../../src/whatsapp/signal/libsignal-repair.ts';

/** The parts of libsignal that this test uses. */
interface Cipher {
  encrypt(data: Buffer): Promise<{ type: number; body: string }>;
  decryptWhisperMessage(data: Buffer): Promise<Buffer>;
  decryptPreKeyWhisperMessage(data: Buffer): Promise<Buffer>;
}
interface Record {
  serialize(): unknown;
}
interface LibSignal {
  SessionCipher: new (storage: object, address: object) => Cipher;
  SessionBuilder: new (storage: object, address: object) => { initOutgoing(bundle: object): Promise<void> };
  SessionRecord: { deserialize(data: unknown): Record };
  ProtocolAddress: new (id: string, device: number) => object;
}

const libsignal = createRequire(import.meta.url)('libsignal') as LibSignal;

function newKeys() {
  const { public: pub, private: priv } = Curve.generateKeyPair();
  return { pubKey: Buffer.from(generateSignalPubKey(pub)), privKey: Buffer.from(priv) };
}

/** A person with keys. Sessions are stored and read as text each time. */
class Party {
  readonly identity = newKeys();
  readonly signed = newKeys();
  readonly oneTime = new Map([1, 2, 3].map((id) => [id, newKeys()]));
  readonly sessions = new Map<string, string>();

  readonly storage = {
    loadSession: async (id: string) => {
      const text = this.sessions.get(id);
      return text === undefined ? undefined : libsignal.SessionRecord.deserialize(JSON.parse(text));
    },
    storeSession: async (id: string, record: Record) => {
      this.sessions.set(id, JSON.stringify(record.serialize()));
    },
    isTrustedIdentity: () => true,
    loadPreKey: async (id: number | string) => this.oneTime.get(Number(id)),
    removePreKey: () => {},
    loadSignedPreKey: () => this.signed,
    getOurRegistrationId: () => 1,
    getOurIdentity: () => this.identity,
  };

  bundle(preKeyId: number): object {
    const { pubKey } = this.signed;
    const signature = Curve.sign(this.identity.privKey, pubKey);
    return {
      registrationId: 1,
      identityKey: this.identity.pubKey,
      signedPreKey: { keyId: 1, publicKey: pubKey, signature },
      preKey: { keyId: preKeyId, publicKey: this.oneTime.get(preKeyId)?.pubKey },
    };
  }

  cipher(): Cipher {
    return new libsignal.SessionCipher(this.storage, address);
  }

  async startSession(other: Party, preKeyId: number): Promise<void> {
    await new libsignal.SessionBuilder(this.storage, address).initOutgoing(other.bundle(preKeyId));
  }

  async send(text: string): Promise<{ type: number; body: Buffer }> {
    const { type, body } = await this.cipher().encrypt(Buffer.from(text));
    return { type, body: Buffer.from(body, 'binary') };
  }

  async read({ type, body }: { type: number; body: Buffer }): Promise<string> {
    const cipher = this.cipher();
    const plain = await (type === 3
      ? cipher.decryptPreKeyWhisperMessage(body)
      : cipher.decryptWhisperMessage(body));
    return plain.toString();
  }
}

const address = new libsignal.ProtocolAddress('other', 0);

/**
 * The bot has two sessions with a person, as it does after each start. The person still writes on the older one,
 * which is tried second, and then on the newer one, which the first try has touched.
 */
async function writeOnBothSessions(): Promise<string[]> {
  const bot = new Party();
  const person = new Party();
  await person.startSession(bot, 1);
  await bot.read(await person.send('hello'));
  await person.read(await bot.send('hello'));
  const older = person.sessions.get('other.0') ?? '';
  await person.startSession(bot, 2);
  await bot.read(await person.send('hello on another'));
  await person.read(await bot.send('hello on another'));
  const newer = person.sessions.get('other.0') ?? '';

  const texts: string[] = [];
  person.sessions.set('other.0', older);
  texts.push(await bot.read(await person.send('on the older')));
  person.sessions.set('other.0', newer);
  texts.push(await bot.read(await person.send('on the newer')));
  return texts;
}

describe('a try that fails', () => {
  beforeAll(() => {
    for (const method of ['log', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockReturnValue(undefined);
    }
  });

  it('shows that a failed try damages a session in the original libsignal', async () => {
    await expect(writeOnBothSessions()).rejects.toThrow();
  });

  it('restores the session after a failed try, also if the repair is called twice', async () => {
    repairLibSignal();
    repairLibSignal();
    expect(await writeOnBothSessions()).toEqual(['on the older', 'on the newer']);
  });

  it('still fails for a damaged message, and stores nothing', async () => {
    const bot = new Party();
    const person = new Party();
    await person.startSession(bot, 1);
    await bot.read(await person.send('hello'));
    await person.read(await bot.send('hello'));
    const { type, body } = await person.send('damaged');
    body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
    const before = bot.sessions.get('other.0');
    await expect(bot.read({ type, body })).rejects.toThrow();
    expect(bot.sessions.get('other.0')).toBe(before);
    expect(await bot.read(await person.send('whole'))).toBe('whole');
  });
});
