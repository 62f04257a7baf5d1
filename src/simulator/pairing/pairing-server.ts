import { randomBytes, randomUUID } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import { type SignalKeyPair, withoutKeyType } from '../crypto/phone-libsignal.ts';
import { type Contact, jidOf } from '../phones/contact-address.ts';
import { Companion } from '../server/companion-device.ts';
import type { PairingSwitches } from '../server/fault-switches.ts';
import type { Connection } from '../wire/client-connection.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { bytesOf, childOf, errorOf, resultOf, SERVER_JID, type Stanza, stanza } from '../wire/stanza.ts';
import { answerCode, normalizeCode, openKeyBundle } from './code-exchange.ts';
import { CodeRequests } from './code-requests.ts';
import { isCountersigned, sealDeviceIdentity, signDeviceIdentity } from './device-identity.ts';
import { LinkError } from './link-error.ts';
import {
  emptyCodeNotification,
  passkeyNotification,
  primaryHello,
  type RefreshChild,
  refreshNotification,
} from './pairing-notifications.ts';
import { readRegistration, UnlinkedClient } from './unlinked-client.ts';

interface PairingOptions {
  readonly switches: PairingSwitches;
  readonly owner: Contact;
  readonly account: () => SignalKeyPair;
  readonly qrRefs: number;
  readonly nextDeviceId: () => number;
  readonly linked: (companion: Companion) => void;
}

const PLATFORM = 'android';

/** Registers new companions: QR refs, pairing codes, and the signatures by which a phone links one. */
export class PairingServer {
  readonly #options: PairingOptions;
  readonly #clients = new Map<Connection, UnlinkedClient>();
  readonly #codes: CodeRequests;

  constructor(options: PairingOptions) {
    this.#options = options;
    this.#codes = new CodeRequests(options);
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
    this.#clients
      .get(connection)
      ?.failed('client-gone', 'the client closed its connection before it was linked');
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
      client.failed('client-refused', 'the client refused the link');
      return;
    }
    const step = childOf(node, 'link_code_companion_reg');
    switch (step?.attrs.stage) {
      case 'companion_hello':
        this.#codes.received(client, node, step);
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
    if (!client) throw new LinkError('qr-unknown', 'this QR code is no longer valid');
    const { registration } = client;
    const shown = [noiseKey, identityKey].map((key) => Buffer.from(key, 'base64'));
    if (!shown[0]?.equals(registration.noiseKey) || !shown[1]?.equals(registration.identityKey)) {
      throw new LinkError('qr-of-another-client', 'this QR code belongs to another client');
    }
    this.#checkSecret(client, secret);
    this.#checkPasskey(client);
    return this.#link(client, Buffer.from(secret, 'base64'));
  }

  /** The code that a client shows is entered on the phone. Resolves when the companion is linked. */
  async enterCode(typed: string): Promise<Companion> {
    const { client, code } = await this.#codes.entered(() => [...this.#clients.values()]);
    const { connection, registration } = client;
    const { switches } = this.#options;
    const account = this.#options.account();
    const offer = await answerCode(code, normalizeCode(typed));
    const { missingParts: missing, shortParts: short } = switches;
    const identity = withoutKeyType(account.pubKey);
    const hello = primaryHello(code, offer, identity, { missing, short });
    const flawed = [...missing, ...short];
    if (flawed.length > 0) {
      connection.send(hello);
      throw new LinkError('answer-incomplete', `the answer of the phone lacks ${flawed.join(', ')}`);
    }
    const finish = client.expect('companion_finish');
    connection.send(hello);
    const bundle = bytesOf(childOf(await finish, 'link_code_pairing_wrapped_key_bundle'));
    if (switches.stallsAfterCode) throw new LinkError('phone-stalls', 'the phone goes no further');
    const secret = openKeyBundle(offer, account, registration.identityKey, bundle);
    if (switches.requiresPasskey) connection.send(emptyCodeNotification());
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
    for (const client of this.#clients.values()) this.#codes.expire(client);
  }

  #finish(client: UnlinkedClient, query: Stanza, step: Stanza): void {
    const { finishRefusal } = this.#options.switches;
    if (finishRefusal && finishRefusal.times > 0) {
      finishRefusal.times--;
      client.connection.send(errorOf(query, finishRefusal.code, finishRefusal.text));
      client.failed('finish-refused', 'WhatsApp refused to finish the link');
      return;
    }
    client.connection.send(resultOf(query));
    client.answered('companion_finish', step);
  }

  /** Throws if the secret of a QR code is retired, or retires it if the next scan has to fail. */
  #checkSecret(client: UnlinkedClient, secret: string): void {
    const { switches } = this.#options;
    if (switches.refreshesAtScan > 0) {
      switches.refreshesAtScan--;
      this.#refresh(client, 'companion_reg_refresh', secret);
    }
    if (client.retiredSecrets.has(secret))
      throw new LinkError('secret-retired', 'the secret in this QR code is retired');
  }

  #refresh(client: UnlinkedClient, child: RefreshChild, secret: string | undefined): void {
    if (secret) client.retiredSecrets.add(secret);
    client.connection.send(refreshNotification(child));
  }

  /** Throws if the account can be linked with a passkey only. The client is told. */
  #checkPasskey(client: UnlinkedClient): void {
    if (!this.#options.switches.requiresPasskey) return;
    client.connection.send(passkeyNotification());
    throw new LinkError('passkey-required', 'the account can be linked with a passkey only');
  }

  async #link(client: UnlinkedClient, advSecret: Buffer): Promise<Companion> {
    const { owner } = this.#options;
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
      throw new LinkError('not-signed', 'the companion did not sign its identity');
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
