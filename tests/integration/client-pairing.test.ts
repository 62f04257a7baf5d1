import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { realFileSystem } from '../../src/session/folder/file-system.ts';
import type { ClientState } from '../../src/whatsapp/client-state.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

/** Whether the folder says that a phone has linked it. */
function isLinkStored(): boolean {
  const path = join(rig.folder, 'creds.json');
  return existsSync(path) && 'account' in JSON.parse(readFileSync(path, 'utf8'));
}

const kindsOf = (states: readonly ClientState[]): string[] => states.map(({ kind }) => kind);

describe('pairing by QR', () => {
  it('a pairing goes from the QR code over the restart to an open connection without a pause', async () => {
    rig = new Rig();
    let pairings = 0;
    const client = await rig.prepare();
    client.on('paired', () => pairings++);
    void client.start();
    const { qr, code, index, expiresAtMs } = await rig.state('pairing');
    expect({ code, index }).toEqual({ code: undefined, index: 0 });
    expect(Math.abs((expiresAtMs ?? 0) - Date.now() - 60_000)).toBeLessThan(5_000);
    await rig.wa.phone.scan(qr ?? '');
    await rig.state('open');
    expect(kindsOf(rig.states)).toEqual(['connecting', 'pairing', 'waiting', 'connecting', 'open']);
    expect(rig.closes).toEqual([{ kind: 'restart-required' }]);
    expect(rig.waits).toEqual([]);
    expect(pairings).toBe(1);
  });

  it('in a pairing the identity is on disk before the link is confirmed to WhatsApp', async () => {
    rig = new Rig();
    const wasStored: boolean[] = [];
    rig.wa.events.on('paired', () => wasStored.push(isLinkStored()));
    await rig.pairAnew();
    expect(wasStored).toEqual([true]);
  });

  it('a paired client shows no second QR code after a stop, and none after five stops', async () => {
    rig = new Rig();
    await rig.pairAnew();
    const person = rig.wa.addPerson();
    for (let i = 0; i < 5; i++) {
      await rig.stop();
      await rig.start();
      await rig.state('open');
      await rig.ping(person);
    }
    expect(rig.wa.counters).toMatchObject({ pairings: 1, refusedLogins: 0 });
  });

  it('after a pairing that was begun and not finished, the next start shows a QR code', async () => {
    rig = new Rig();
    await rig.start();
    const first = await rig.state('pairing');
    await rig.stop();
    await rig.start();
    const second = await rig.state('pairing');
    expect(second.qr).not.toBe(first.qr);
    await rig.wa.phone.scan(second.qr ?? '');
    await rig.state('open');
  });

  it('a pairing that is cut off before its confirmation begins anew, and nobody has to delete anything', async () => {
    rig = new Rig();
    const client = await rig.prepare();
    // The identity is on disk by then, and its confirmation not yet on the wire.
    client.once('paired', () => rig.wa.faults.dropConnection());
    void client.start();
    const cutOff = rig.wa.phone.scan((await rig.state('pairing')).qr ?? '').catch(({ code }) => code);
    for (let refused = 0; refused < 6; refused++) await rig.reconnect();
    expect(await cutOff).toBe('client-gone');
    expect(isLinkStored()).toBe(true);
    expect(rig.wa.counters.refusedLogins).toBe(5);
    expect(rig.lines.filter((line) => line.startsWith('error '))).toEqual([]);
    await rig.wa.phone.scan((await rig.state('pairing')).qr ?? '');
    await rig.state('open');
    await rig.settled();
    await rig.stop();
    await rig.start();
    await rig.state('open');
    await rig.ping(rig.wa.addPerson());
    expect(rig.wa.counters.pairings).toBe(1);
  });

  it('a session that WhatsApp has accepted once is never given up, however often it is refused afterwards', async () => {
    rig = new Rig();
    await rig.pairAnew();
    rig.wa.faults.failNextLogins(401, 7);
    rig.wa.faults.dropConnection();
    for (let refused = 0; refused < 8; refused++) await rig.reconnect();
    await rig.state('open');
    expect(rig.wa.counters.pairings).toBe(1);
  });

  it('a pairing logs the lines that people know', async () => {
    rig = new Rig();
    await rig.pairAnew();
    expect(rig.lines.slice(0, 2)).toEqual([
      'info Initializing Baileys WhatsApp client...',
      'info Connection status: connecting',
    ]);
    expect(rig.lines.slice(-2)).toEqual([
      'info Connection status: open',
      'info ✅ WhatsApp connection established',
    ]);
    expect(rig.lines.filter((line) => !line.startsWith('info '))).toEqual([]);
  });
});

describe('pairing by code', () => {
  const pairingNumber = '15550100000';

  it('the client shows a code of eight characters, and is linked when it is entered on the phone', async () => {
    rig = new Rig();
    await rig.start({ pairingNumber });
    const { code, qr } = await rig.state('pairing');
    expect(qr).toBeUndefined();
    expect(code).toMatch(/^[0-9A-Z]{8}$/);
    await rig.wa.phone.enterCode(code ?? '');
    await rig.state('open');
    await rig.settled();
    await rig.ping(rig.wa.addPerson());
  });

  it('a pairing code that nobody entered before a restart is forgotten, and the next start registers anew', async () => {
    rig = new Rig();
    await rig.start({ pairingNumber });
    const first = await rig.state('pairing');
    expect(rig.session.creds.me).toBeDefined();
    await rig.stop();
    await rig.start({ pairingNumber });
    const second = await rig.state('pairing');
    expect(rig.wa.counters.refusedLogins).toBe(0);
    expect(second.code).not.toBe(first.code);
    await rig.wa.phone.enterCode(second.code ?? '');
    await rig.state('open');
  });

  it('a pairing code that nobody entered before a close of the connection is forgotten, too', async () => {
    rig = new Rig();
    await rig.start({ pairingNumber });
    await rig.state('pairing');
    rig.wa.faults.dropConnection();
    await rig.reconnect();
    const { code } = await rig.state('pairing');
    expect(rig.wa.counters.refusedLogins).toBe(0);
    await rig.wa.phone.enterCode(code ?? '');
    await rig.state('open');
  });

  it('a pairing code works after a QR code that nobody scanned', async () => {
    rig = new Rig();
    await rig.start();
    await rig.state('pairing');
    await rig.stop();
    await rig.start({ pairingNumber });
    await rig.wa.phone.enterCode((await rig.state('pairing')).code ?? '');
    await rig.state('open');
  });

  it('a pairing code that WhatsApp refuses is asked for again later', async () => {
    rig = new Rig();
    rig.wa.faults.queries.ignore('md');
    await rig.start({ pairingNumber });
    await within(new Promise((resolve) => rig.wa.events.once('qr-requested', () => resolve(1))), 'a client');
    rig.wa.faults.dropConnection();
    rig.wa.faults.queries.ignore();
    await rig.reconnect();
    await rig.wa.phone.enterCode((await rig.state('pairing')).code ?? '');
    await rig.state('open');
  });
});

describe('on a disk that is full', () => {
  it('on a full disk a pairing is not confirmed, and the next pairing begins anew', async () => {
    let isFull = false;
    const writeSync = ((...args: Parameters<typeof realFileSystem.writeSync>) => {
      if (isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return realFileSystem.writeSync(...args);
    }) as typeof realFileSystem.writeSync;
    rig = new Rig({ fs: { ...realFileSystem, writeSync } });
    await rig.start();
    const { qr } = await rig.state('pairing');
    isFull = true;
    await expect(rig.wa.phone.scan(qr ?? '')).rejects.toThrow();
    expect(rig.wa.devices).toEqual([]);
    await rig.nextWait();
    expect(rig.closes).toMatchObject([{ kind: 'storage-failed' }]);
    expect(isLinkStored()).toBe(false);
    isFull = false;
    rig.waits[0]?.finish();
    const again = await rig.state('pairing');
    await rig.wa.phone.scan(again.qr ?? '');
    await rig.state('open');
    expect(rig.wa.counters).toMatchObject({ pairings: 1, refusedLogins: 0 });
  });
});
