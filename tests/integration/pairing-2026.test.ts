import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientState } from '../../src/whatsapp/client-state.ts';
import { CODES_HINT, PASSKEY_HINT, refusalSentence } from '../../src/whatsapp/pairing/pairing-sentences.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

type Pairing = Extract<ClientState, { kind: 'pairing' }>;

let rig: Rig;

afterEach(() => rig.destroy());

const secretIn = (qr: string | undefined): string | undefined => qr?.split(',')[3];
const refIn = (qr: string | undefined): string | undefined => qr?.split(',')[0];
const storedSecret = (): string =>
  JSON.parse(readFileSync(join(rig.folder, 'creds.json'), 'utf8')).advSecretKey;

/** The next pairing state that fits. */
function nextPairing(fits: (state: Pairing) => boolean, what: string): Promise<Pairing> {
  const { client } = rig;
  return within(
    new Promise((resolve) => {
      const look = (state: ClientState): void => {
        if (state.kind !== 'pairing' || !fits(state)) return;
        client.off('changed', look);
        resolve(state);
      };
      client.on('changed', look);
    }),
    what,
  );
}

describe('a secret that WhatsApp retires while a QR code is shown', () => {
  it.each(['companion_reg_refresh', 'pair-device-rotate-qr'] as const)(
    'at <%s> the client makes and stores a new secret, and shows the same ref with it',
    async (child) => {
      rig = new Rig();
      await rig.start();
      const first = await rig.state('pairing');
      const drawn = nextPairing(({ qr }) => qr !== first.qr, 'the new QR code');
      rig.wa.faults.pairing.rotateSecret({ shownQr: first.qr ?? '', child });
      const second = await drawn;
      expect(refIn(second.qr)).toBe(refIn(first.qr));
      expect(secretIn(second.qr)).not.toBe(secretIn(first.qr));
      expect(second).toMatchObject({ index: first.index, expiresAtMs: first.expiresAtMs });
      expect(storedSecret()).toBe(secretIn(second.qr));
      await expect(rig.wa.phone.scan(first.qr ?? '')).rejects.toMatchObject({ code: 'secret-retired' });
      await rig.wa.phone.scan(second.qr ?? '');
      await rig.state('open');
    },
  );

  it('if WhatsApp retires the secret before the first QR code, that code has the new secret', async () => {
    rig = new Rig();
    const acknowledged = within(
      new Promise<void>((resolve) => {
        rig.wa.events.on('stanza-in', ({ tag, attrs }) => {
          if (tag === 'ack' && attrs.type === 'companion_reg_refresh') resolve();
        });
      }),
      'the acknowledgement',
    );
    rig.wa.faults.pairing.refreshBeforeRefs(true);
    await rig.prepare();
    const before = rig.session.creds.advSecretKey;
    void rig.client.start();
    const { qr } = await rig.state('pairing');
    await acknowledged;
    expect(secretIn(qr)).not.toBe(before);
    expect(secretIn(qr)).toBe(storedSecret());
    await rig.wa.phone.scan(qr ?? '');
    await rig.state('open');
  });

  it('WhatsApp may retire the secret twice in a row, and a pairing code on the screen stays', async () => {
    rig = new Rig();
    await rig.start({ pairingNumber: rig.wa.phone.number });
    const { code } = await nextPairing((state) => state.code !== undefined, 'the code');
    const before = storedSecret();
    for (const child of ['companion_reg_refresh', 'pair-device-rotate-qr'] as const)
      rig.wa.faults.pairing.rotateSecret({ child });
    await vi.waitFor(() => expect(storedSecret()).not.toBe(before), 10_000);
    expect(rig.client.state).toMatchObject({ kind: 'pairing', code });
    await rig.wa.phone.enterCode(code ?? '');
    await rig.state('open');
  });

  it('if each scan retires the secret, the last QR code links', async () => {
    rig = new Rig();
    rig.wa.faults.pairing.refreshAtScan(3);
    await rig.start();
    let shown = await rig.state('pairing');
    for (let scan = 0; scan < 3; scan++) {
      const drawn = nextPairing(({ qr }) => qr !== shown.qr, `QR code ${scan + 2}`);
      await expect(rig.wa.phone.scan(shown.qr ?? '')).rejects.toMatchObject({ code: 'secret-retired' });
      shown = await drawn;
    }
    await rig.wa.phone.scan(shown.qr ?? '');
    await rig.state('open');
    await rig.settled();
    await rig.ping(rig.wa.addPerson());
  });
});

it.each([
  { tag: 'pair-hint', attrs: { type: 'shortcake' } },
  {
    tag: 'iq',
    attrs: { type: 'set', id: '77', xmlns: 'md', from: 's.whatsapp.net' },
    content: [{ tag: 'pair-new', attrs: {} }],
  },
  { tag: 'notification', attrs: { type: 'pair_later', id: '78', from: 's.whatsapp.net' } },
])('an unknown stanza in a pairing is logged, and the QR code stays: <$tag>', async (node) => {
  rig = new Rig();
  await rig.start();
  const { qr } = await rig.state('pairing');
  rig.wa.faults.sendStanza({ ...node, content: node.content ?? [] });
  const told = () => rig.facts.filter((facts) => 'tag' in facts && facts.tag === node.tag);
  const one = [expect.objectContaining({ level: 'info' })];
  await vi.waitFor(() => expect(told()).toEqual(one), 10_000);
  await rig.wa.phone.scan(qr ?? '');
  await rig.state('open');
  expect(told()).toEqual(one);
});

describe('a request for a pairing code', () => {
  const byCode = async (refusal?: number, times?: number): Promise<void> => {
    rig = new Rig();
    if (refusal !== undefined) rig.wa.faults.pairing.refuseCodeRequests(refusal, times);
    await rig.start({ pairingNumber: rig.wa.phone.number });
  };

  it('if WhatsApp accepts a request for a pairing code, the code is shown with the end of its time', async () => {
    await byCode();
    const { code, qr, expiresAtMs } = await rig.state('pairing');
    expect(code).toMatch(/^[0-9A-Z]{8}$/);
    expect(qr).toBeUndefined();
    const leftMs = (expiresAtMs ?? 0) - Date.now();
    expect(leftMs).toBeGreaterThan(120_000);
    expect(leftMs).toBeLessThanOrEqual(180_000);
  });

  it.each([429, 400, 503])(
    'if WhatsApp refuses a request for a pairing code with %i, the reason and the QR code are shown',
    async (status) => {
      await byCode(status, 9);
      const { code, qr, hint } = await rig.state('pairing');
      expect(code).toBeUndefined();
      const [refused] = rig.facts.filter((facts) => 'waitMs' in facts) as { waitMs: number }[];
      expect(refused).toMatchObject({ level: 'warn', status });
      expect(hint).toBe(refusalSentence(status, refused?.waitMs ?? 0));
      await rig.wa.phone.scan(qr ?? '');
      await rig.state('open');
    },
  );

  it('when WhatsApp lets a pairing code expire, the client asks for another one', async () => {
    await byCode();
    const first = await rig.state('pairing');
    const next = nextPairing(({ code }) => code !== undefined && code !== first.code, 'the next code');
    rig.wa.faults.pairing.expireCodes();
    const second = await next;
    await rig.wa.phone.enterCode(second.code ?? '');
    await rig.state('open');
  });

  it.each([
    'link_code_pairing_wrapped_primary_ephemeral_pub',
    'primary_identity_pub',
    'link_code_pairing_ref',
  ] as const)(
    'if the answer of the phone lacks %s, the pairing code ends, a line says why, and another one follows',
    async (part) => {
      await byCode();
      rig.wa.faults.pairing.answerCodesWithout(part);
      const first = await rig.state('pairing');
      const next = nextPairing(({ code }) => code !== undefined && code !== first.code, 'the next code');
      await expect(rig.wa.phone.enterCode(first.code ?? '')).rejects.toMatchObject({
        code: 'answer-incomplete',
      });
      const second = await next;
      expect(rig.facts).toContainEqual(expect.objectContaining({ reason: 'incomplete', missing: part }));
      rig.wa.faults.pairing.answerCodesWithout();
      await rig.wa.phone.enterCode(second.code ?? '');
      await rig.state('open');
    },
  );

  it.each(['link_code_pairing_wrapped_primary_ephemeral_pub', 'primary_identity_pub'] as const)(
    'if %s in the answer of the phone is too short, the pairing code ends',
    async (part) => {
      await byCode();
      rig.wa.faults.pairing.cutCodeAnswers(part);
      const first = await rig.state('pairing');
      const next = nextPairing(({ code }) => code !== undefined && code !== first.code, 'the next code');
      await expect(rig.wa.phone.enterCode(first.code ?? '')).rejects.toMatchObject({
        code: 'answer-incomplete',
      });
      expect((await next).code).toBeDefined();
      expect(rig.facts).toContainEqual(expect.objectContaining({ reason: 'incomplete', missing: part }));
    },
  );

  it('if WhatsApp refuses the step after the answer of the phone, the pairing code ends', async () => {
    await byCode();
    rig.wa.faults.pairing.refuseFinish(401);
    const first = await rig.state('pairing');
    const next = nextPairing(({ code }) => code !== undefined && code !== first.code, 'the next code');
    await expect(rig.wa.phone.enterCode(first.code ?? '')).rejects.toMatchObject({ code: 'finish-refused' });
    const second = await next;
    expect(rig.facts).toContainEqual(expect.objectContaining({ reason: 'refused' }));
    await rig.wa.phone.enterCode(second.code ?? '');
    await rig.state('open');
  });

  it('while a request for a pairing code has no answer, the QR code is shown', async () => {
    rig = new Rig();
    rig.wa.faults.pairing.ignoreCodeRequests(true);
    await rig.start({ pairingNumber: rig.wa.phone.number });
    const { qr, code } = await rig.state('pairing');
    expect(code).toBeUndefined();
    await rig.wa.phone.scan(qr ?? '');
    await rig.state('open');
  });

  it('after three pairing codes without a link a hint names the passkey', async () => {
    await byCode();
    rig.wa.faults.pairing.answerCodesWithout('primary_identity_pub');
    let shown = await rig.state('pairing');
    for (let round = 1; round <= 3; round++) {
      const next = nextPairing(
        ({ code, qr }) => (code ?? qr) !== (shown.code ?? shown.qr),
        `what follows code ${round}`,
      );
      await expect(rig.wa.phone.enterCode(shown.code ?? '')).rejects.toMatchObject({
        code: 'answer-incomplete',
      });
      shown = await next;
    }
    expect(shown.code).toBeUndefined();
    expect(shown.hint).toBe(CODES_HINT);
    expect(rig.lines.filter((line) => line === `warn ${CODES_HINT}`)).toHaveLength(1);
    await rig.wa.phone.scan(shown.qr ?? '');
    await rig.state('open');
  });

  it('if the account wants a passkey, a line says so at once', async () => {
    await byCode();
    rig.wa.faults.pairing.requirePasskey(true);
    const { code } = await rig.state('pairing');
    const told = nextPairing(({ hint }) => hint !== undefined, 'the hint');
    const next = nextPairing((state) => state.code !== undefined && state.code !== code, 'the next code');
    await expect(rig.wa.phone.enterCode(code ?? '')).rejects.toMatchObject({ code: 'passkey-required' });
    expect((await told).hint).toBe(PASSKEY_HINT);
    expect(rig.lines).toContain(`warn ${PASSKEY_HINT}`);
    expect((await next).hint).toBe(PASSKEY_HINT);
  });
});
