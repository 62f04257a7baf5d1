import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { proto } from '@whiskeysockets/baileys';
import { type SignalKeyPair, withoutKeyType } from '../crypto/phone-libsignal.ts';
import { type Contact, isSameUser, jidOf } from '../phones/contact-address.ts';
import { Companion } from '../server/companion-device.ts';
import type { PairingSwitches } from '../server/switches.ts';
import type { Connection } from '../wire/client-connection.ts';
import {
  bytesOf,
  childOf,
  errorOf,
  resultOf,
  SERVER_JID,
  type Stanza,
  stanza,
  textOf,
} from '../wire/stanza.ts';
import { answerCode, normalizeCode, openKeyBundle } from './code-exchange.ts';
import { isCountersigned, sealDeviceIdentity, signDeviceIdentity } from './device-identity.ts';
import {
  emptyCodeNotice,
  expiredCodeNotice,
  passkeyNotice,
  primaryHello,
  type RefreshChild,
  refreshNotice,
} from './pairing-notices.ts';
import { readRegistration, UnlinkedClient } from './unlinked-client.ts';

interface PairingOptions {
  readonly switches: PairingSwitches;
  readonly owner: Contact;
  readonly account: () => SignalKeyPair;
  readonly qrRefs: number;
  readonly nowSeconds: () => number;
  readonly nextDeviceId: () => number;
  readonly linked: (companion: Companion) => void;
}

const PLATFORM = 'android';

/** How long an entered code waits for the client's request. */
const CODE_REQUEST_LIMIT_MS = 2_000;

/** WhatsApp refuses a code request of a client whose browser or system it does not know (Baileys#2769). */
const KNOWN_PLATFORM =
  /^(Chrome|Firefox|Edge|Safari|Opera|IE|Desktop|Android) \((Windows|Mac OS|Ubuntu|Linux|Chrome OS|Android|iOS)\)$/;

/** How often one code can be entered, as in WhatsApp Web. */
const MAX_CODE_ATTEMPTS = 3;

/** How long a code can be entered. */
const CODE_LIFETIME_SECONDS = 180;

/** Registers new companions: QR refs, pairing codes, and the signatures by which a phone links one. */
export class PairingServer {
  readonly #options: PairingOptions;
  readonly #clients = new Map<Connection, UnlinkedClient>();
  readonly #requests = new EventEmitter<{ 'code-requested': [] }>();

  constructor(options: PairingOptions) {
    this.#options = options;
  }

  /** Sends a new client the refs for its QR codes. Throws if its signed pre-key is not valid. */
  register(
    connection: Connection,
    noiseKey: Buffer,
    data: proto.ClientPayload.IDevicePairingRegistrationData,
  ): void {
    const registration = readRegistration(noiseKey, data);
    const client = new UnlinkedClient(connection, registration, this.#options.qrRefs);
    this.#clients.set(connection, client);
    if (this.#options.switches.refreshesBeforeRefs) this.#refresh(client, 'companion_reg_refresh', undefined);
    const nodes = client.refs.map((ref) => stanza('ref', {}, Buffer.from(ref)));
    const attrs = { type: 'set', id: randomUUID(), from: SERVER_JID, xmlns: 'md' };
    connection.send(stanza('iq', attrs, [stanza('pair-device', {}, nodes)]));
  }

  forget(connection: Connection): void {
    this.#clients.get(connection)?.failed('the client closed its connection before it was linked');
    this.#clients.delete(connection);
  }

  /** Handles a stanza of a client that is not linked. */
  received(connection: Connection, node: Stanza): void {
    const client = this.#clients.get(connection);
    if (!client || node.tag !== 'iq') return;
    if (node.attrs.type === 'result') {
      client.answered(node.attrs.id, node);
      return;
    }
    if (node.attrs.type === 'error') {
      client.failed('the client refused the link');
      return;
    }
    const step = childOf(node, 'link_code_companion_reg');
    switch (step?.attrs.stage) {
      case 'companion_hello':
        this.#requestCode(client, node, step);
        return;
      case 'companion_finish':
        this.#finish(client, node, step);
        return;
      default:
        connection.send(node.attrs.xmlns === 'w:p' ? resultOf(node) : errorOf(node, 401, 'not-authorized'));
    }
  }

  /** The phone scans a QR code. Resolves when the companion is linked. */
  async scan(qr: string): Promise<Companion> {
    const [ref = '', noiseKey = '', identityKey = '', secret = ''] = qr.slice(qr.indexOf('#') + 1).split(',');
    const client = [...this.#clients.values()].find(({ refs }) => refs.includes(ref));
    if (!client) throw new Error('this QR code is no longer valid');
    const { registration } = client;
    const shown = [noiseKey, identityKey].map((key) => Buffer.from(key, 'base64'));
    if (!shown[0]?.equals(registration.noiseKey) || !shown[1]?.equals(registration.identityKey)) {
      throw new Error('this QR code belongs to another client');
    }
    this.#checkSecret(client, secret);
    this.#checkPasskey(client);
    return this.#link(client, Buffer.from(secret, 'base64'));
  }

  /** The code that a client shows is entered on the phone. Resolves when the companion is linked. */
  async enterCode(typed: string): Promise<Companion> {
    const client = await this.#clientWithCode();
    if (!client?.code) throw new Error('no client waits for a code on this account');
    const { code, connection, registration } = client;
    const { switches, nowSeconds } = this.#options;
    const account = this.#options.account();
    if (nowSeconds() - code.requestedAt > CODE_LIFETIME_SECONDS) throw new Error('the code has expired');
    if (++code.attempts > MAX_CODE_ATTEMPTS) throw new Error('the code was entered too often');
    const offer = await answerCode(code, normalizeCode(typed));
    const { missingParts: missing, shortParts: short } = switches;
    const identity = withoutKeyType(account.pubKey);
    const hello = primaryHello(code, offer, identity, { missing, short }, nowSeconds());
    const flawed = [...missing, ...short];
    if (flawed.length > 0) {
      connection.send(hello);
      throw new Error(`the answer of the phone lacks ${flawed.join(', ')}`);
    }
    const finish = client.expect('companion_finish');
    connection.send(hello);
    const bundle = bytesOf(childOf(await finish, 'link_code_pairing_wrapped_key_bundle'));
    if (switches.stallsAfterCode) throw new Error('the phone goes no further');
    const secret = openKeyBundle(offer, account, registration.identityKey, bundle);
    if (switches.requiresPasskey) connection.send(emptyCodeNotice(nowSeconds()));
    this.#checkPasskey(client);
    return this.#link(client, secret);
  }

  /**
   * Tells every unlinked client that its ADV secret is retired. The simulator never sees the secret before a scan:
   * give the text of the QR code on the screen, and a later scan of its secret fails as it does at WhatsApp.
   */
  rotateSecret(shownQr: string | undefined, child: RefreshChild): void {
    for (const client of this.#clients.values()) this.#refresh(client, child, shownQr?.split(',')[3]);
  }

  /** Tells every client with a pairing code that the code has expired (`stage="refresh_code"`). */
  expireCodes(): void {
    for (const client of this.#clients.values()) {
      if (!client.code) continue;
      client.connection.send(expiredCodeNotice(client.code, this.#options.nowSeconds()));
      client.code = undefined;
      client.hasNoCode = true;
    }
  }

  /** The last client that asked for a code. A test may enter the code before the request arrives. */
  async #clientWithCode(): Promise<UnlinkedClient | undefined> {
    const account = jidOf(this.#options.owner, 'pn');
    const find = () =>
      [...this.#clients.values()].reverse().find(({ code }) => isSameUser(code?.jid, account));
    const client = find();
    const mayAsk = [...this.#clients.values()].some(({ hasNoCode }) => !hasNoCode);
    if (client || !mayAsk) return client;
    const deadline = AbortSignal.timeout(CODE_REQUEST_LIMIT_MS);
    await once(this.#requests, 'code-requested', { signal: deadline }).catch(() => undefined);
    return find();
  }

  #requestCode(client: UnlinkedClient, query: Stanza, hello: Stanza): void {
    if (this.#options.switches.ignoresCodeRequests) {
      client.hasNoCode = true;
      this.#requests.emit('code-requested');
      return;
    }
    const refusal = this.#codeRefusal(hello);
    if (refusal) {
      client.connection.send(errorOf(query, refusal.code, refusal.text));
      client.hasNoCode = true;
      this.#requests.emit('code-requested');
      return;
    }
    const wrappedCompanionKey = bytesOf(childOf(hello, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
    if (wrappedCompanionKey.length !== 80) throw new Error('not a wrapped key');
    const ref = randomBytes(16).toString('base64url');
    const requestedAt = this.#options.nowSeconds();
    client.code = { jid: hello.attrs.jid ?? '', ref, wrappedCompanionKey, requestedAt, attempts: 0 };
    const answer = stanza('link_code_pairing_ref', {}, Buffer.from(ref));
    client.connection.send(resultOf(query, [stanza('link_code_companion_reg', {}, [answer])]));
    this.#requests.emit('code-requested');
  }

  #finish(client: UnlinkedClient, query: Stanza, step: Stanza): void {
    const { finishRefusal } = this.#options.switches;
    if (finishRefusal && finishRefusal.times > 0) {
      finishRefusal.times--;
      client.connection.send(errorOf(query, finishRefusal.code, finishRefusal.text));
      client.failed('WhatsApp refused to finish the link');
      return;
    }
    client.connection.send(resultOf(query));
    client.answered('companion_finish', step);
  }

  #codeRefusal(hello: Stanza): { readonly code: number; readonly text: string } | undefined {
    const { codeRefusal } = this.#options.switches;
    if (codeRefusal && codeRefusal.times > 0) {
      codeRefusal.times--;
      return codeRefusal;
    }
    const display = textOf(childOf(hello, 'companion_platform_display'));
    return KNOWN_PLATFORM.test(display) ? undefined : { code: 400, text: 'bad-request' };
  }

  /** Throws if the secret of a QR code is retired, or retires it if the next scan has to fail. */
  #checkSecret(client: UnlinkedClient, secret: string): void {
    const { switches } = this.#options;
    if (switches.refreshesAtScan > 0) {
      switches.refreshesAtScan--;
      this.#refresh(client, 'companion_reg_refresh', secret);
    }
    if (client.retiredSecrets.has(secret)) throw new Error('the secret in this QR code is retired');
  }

  #refresh(client: UnlinkedClient, child: RefreshChild, secret: string | undefined): void {
    if (secret) client.retiredSecrets.add(secret);
    client.connection.send(refreshNotice(child, this.#options.nowSeconds()));
  }

  /** Throws if the account can be linked with a passkey only. The client is told. */
  #checkPasskey(client: UnlinkedClient): void {
    if (!this.#options.switches.requiresPasskey) return;
    client.connection.send(passkeyNotice(this.#options.nowSeconds()));
    throw new Error('the account can be linked with a passkey only');
  }

  async #link(client: UnlinkedClient, advSecret: Buffer): Promise<Companion> {
    const { owner, nowSeconds } = this.#options;
    const account = this.#options.account();
    const { connection, registration } = client;
    const device = this.#options.nextDeviceId();
    const genuine = signDeviceIdentity(account, registration.identityKey, device, nowSeconds());
    const { forgesAccountSignature } = this.#options.switches;
    const identity = forgesAccountSignature ? { ...genuine, accountSignature: randomBytes(64) } : genuine;
    const id = randomUUID();
    const jid = jidOf(owner, 'pn', device);
    const lid = jidOf(owner, 'lid', device);
    const success = stanza('pair-success', {}, [
      stanza('device-identity', {}, Buffer.from(sealDeviceIdentity(identity, advSecret))),
      stanza('device', { jid, lid }),
      stanza('platform', { name: PLATFORM }),
    ]);
    const answer = client.expect(id);
    const t = String(nowSeconds());
    connection.send(stanza('iq', { type: 'set', id, from: SERVER_JID, xmlns: 'md', t }, [success]));
    const reply = childOf(childOf(await answer, 'pair-device-sign'), 'device-identity');
    if (!isCountersigned(bytesOf(reply), identity, registration.identityKey)) {
      connection.close();
      throw new Error('the companion did not sign its identity');
    }
    const companion = new Companion(device, jid, lid, registration);
    this.#clients.delete(connection);
    this.#options.linked(companion);
    // Part of every pairing: the client has to connect again and log in as the new device.
    connection.send(stanza('stream:error', { code: '515' }));
    connection.close();
    return companion;
  }
}
