import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type FileSystem, realFileSystem } from '../../src/session/folder/file-system.ts';
import { snapshot } from './support/folder.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

/** A disk that refuses every write while `code` is set. */
class Disk {
  code: string | undefined;
  readonly fs: FileSystem;

  constructor() {
    this.fs = {
      ...realFileSystem,
      writeSync: ((...args: Parameters<FileSystem['writeSync']>) => {
        this.#check();
        return realFileSystem.writeSync(...args);
      }) as FileSystem['writeSync'],
    };
  }

  #check(): void {
    if (this.code) throw Object.assign(new Error(`${this.code}, write`), { code: this.code });
  }
}

const answerTo = (id: string) => (message: { quotedId: string | undefined }) => message.quotedId === id;

describe.each(['ENOSPC', 'EIO'])('a write that fails with %s', (code) => {
  it('a write that fails closes the connection and acknowledges nothing; when writes work again, every message is answered once', async () => {
    const disk = new Disk();
    rig = new Rig({ fs: disk.fs });
    await rig.pair();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    await rig.atRest();
    const before = snapshot(rig.folder);
    const [device] = rig.wa.devices;
    const { receipts, acks } = device?.counters ?? {};

    disk.code = code;
    const { id } = await person.send('!ping');
    const first = await rig.nextWait();
    const failed = { kind: 'storage-failed', message: expect.stringContaining(`(${code})`) };
    expect(rig.closes.at(-1)).toMatchObject(failed);
    expect(rig.client.state).toMatchObject({ kind: 'waiting' });
    expect(first.ms).toBe(5_000);
    expect(rig.facts).toContainEqual(expect.objectContaining({ level: 'error', close: 'storage-failed' }));
    expect(device?.counters).toMatchObject({ receipts, acks });
    expect(device?.mailbox.waiting.some(({ attrs }) => attrs.id === id)).toBe(true);
    expect(rig.received.some((message) => message.id === id)).toBe(false);
    expect(snapshot(rig.folder)).toEqual(before);

    // While it is so, WhatsApp is not even asked.
    const { connections } = rig.wa.counters;
    first.finish();
    const second = await rig.nextWait();
    expect(rig.closes.at(-1)).toMatchObject(failed);
    expect(rig.wa.counters.connections).toBe(connections);

    disk.code = undefined;
    second.finish();
    await person.waitForMessage(answerTo(id));
    await rig.ping(person);
    expect(rig.received.filter((message) => message.id === id)).toHaveLength(1);
    expect(person.inbox.filter(answerTo(id))).toHaveLength(1);
  });

  it('if a write fails at a send, the send is made again', async () => {
    const disk = new Disk();
    rig = new Rig({ fs: disk.fs, answers: false });
    await rig.pair();
    await rig.atRest();
    const person = rig.wa.addPerson();
    const message = {
      id: '3EB0AAAAAAAAAAAAAAAA',
      chat: person.jid,
      content: { kind: 'text', text: 'hello' },
    } as const;
    disk.code = code;
    await expect(rig.client.send(message, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
    await rig.nextWait();
    expect(person.inbox).toEqual([]);
    disk.code = undefined;
    rig.waits.at(-1)?.finish();
    await rig.state('open');
    await rig.client.send(message, AbortSignal.timeout(5_000));
    const { attempt } = await person.waitForMessage(({ id }) => id === message.id);
    expect(attempt).toBe(1);
  });
});

it('a message that only the phone has is not acknowledged on a full disk, and comes when the disk has room', async () => {
  const disk = new Disk();
  rig = new Rig({ fs: disk.fs });
  await rig.pair();
  const person = rig.wa.addPerson();
  await rig.ping(person);
  await rig.atRest();
  const [device] = rig.wa.devices;
  const { acks } = device?.counters ?? {};
  disk.code = 'ENOSPC';
  const { id } = await person.sendMessage({ conversation: '!ping' }, { isOnPhoneOnly: true });
  const wait = await rig.nextWait();
  expect(rig.closes.at(-1)).toMatchObject({ kind: 'storage-failed' });
  expect(device?.counters).toMatchObject({ acks });
  disk.code = undefined;
  wait.finish();
  await person.waitForMessage(answerTo(id));
  expect(rig.received.filter((message) => message.id === id)).toHaveLength(1);
});

it('a logout on a full disk stops the client, and the log says that it is a logout', async () => {
  const disk = new Disk();
  rig = new Rig({ fs: disk.fs });
  await rig.pair();
  await rig.atRest();
  disk.code = 'ENOSPC';
  rig.wa.faults.removeDevice();
  expect(await rig.running).toEqual({ kind: 'logged-out' });
  expect(rig.lines).toContain('error Logged out. Run: rm -rf ./sessions');
  const detail = expect.stringContaining('logged-out.json (ENOSPC)');
  expect(rig.facts).toContainEqual(expect.objectContaining({ level: 'warn', detail }));
  disk.code = undefined;
});

it('a session folder that fails to be read for a moment does not tell WhatsApp that a message is bad', async () => {
  let isBroken = false;
  const readFileSync = ((...args: Parameters<FileSystem['readFileSync']>) => {
    if (isBroken) throw Object.assign(new Error('EMFILE, open'), { code: 'EMFILE' });
    return realFileSystem.readFileSync(...args);
  }) as FileSystem['readFileSync'];
  rig = new Rig({ fs: { ...realFileSystem, readFileSync } });
  await rig.pair();
  const person = rig.wa.addPerson();
  await rig.atRest();
  // Nothing of this person is in memory yet.
  isBroken = true;
  const { id } = await person.send('!ping');
  await rig.nextWait();
  isBroken = false;
  expect(rig.closes.at(-1)).toMatchObject({ kind: 'storage-failed' });
  expect(rig.wa.devices[0]?.counters).toMatchObject({ retryReceipts: 0, nacks: 0 });
  rig.waits.at(-1)?.finish();
  await person.waitForMessage(answerTo(id));
});

it('a session whose signed pre-key has a damaged signature needs no QR code, and signs it anew', async () => {
  rig = new Rig();
  await rig.pair();
  await rig.stop();
  for (const name of ['creds.json', 'creds.backup.json']) {
    const path = join(rig.folder, name);
    const creds = JSON.parse(readFileSync(path, 'utf8')) as { signedPreKey: { signature?: unknown } };
    delete creds.signedPreKey.signature;
    writeFileSync(path, JSON.stringify(creds));
  }
  const before = rig.states.length;
  await rig.start();
  await rig.client.whenOpen(AbortSignal.timeout(10_000));
  expect(rig.states.slice(before).map(({ kind }) => kind)).toEqual(['connecting', 'open']);
  expect(rig.facts).toContainEqual(expect.objectContaining({ level: 'warn', file: 'creds.json' }));
  expect(rig.session.creds.signedPreKey.signature).toHaveLength(64);
  await rig.client.socket?.uploadPreKeys(5);
  await rig.ping(rig.wa.addPerson());
});
