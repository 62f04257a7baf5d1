import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import { isSignatureValid, withKeyType } from '../crypto/phone-libsignal.ts';
import type { Registration } from '../server/companion-device.ts';
import type { Connection } from '../wire/client-connection.ts';
import type { Stanza } from '../wire/stanza.ts';
import type { CodeRequest } from './code-exchange.ts';
import { LinkError, type LinkErrorCode } from './link-error.ts';

/** How long the client may take for each answer, as the phone waits in WhatsApp. */
const ANSWER_LIMIT_MS = 60_000;

interface ExpectedAnswer {
  readonly id: string;
  readonly resolve: (node: Stanza) => void;
  readonly reject: (error: Error) => void;
}

/** A connected client that is not linked yet. */
export class UnlinkedClient {
  readonly connection: Connection;
  readonly registration: Registration;
  /** Each QR code holds one of them. */
  readonly refs: readonly string[];
  /** The ADV secrets that must not link any more. */
  readonly retiredSecrets = new Set<string>();
  /** The pairing code that the client shows. */
  code: CodeRequest | undefined;
  /** A request for a pairing code was refused, or the code has expired. */
  hasNoCode = false;
  #expected: ExpectedAnswer | undefined;

  constructor(connection: Connection, registration: Registration, refs: number) {
    this.connection = connection;
    this.registration = registration;
    this.refs = Array.from({ length: refs }, () => `2@${randomBytes(32).toString('base64url')}`);
  }

  /** Resolves with the answer to the stanza with this id. Rejects if the client refuses, disconnects or is late. */
  expect(id: string): Promise<Stanza> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Stanza>((resolve, reject) => {
      this.#expected = { id, resolve, reject };
      timer = setTimeout(() => reject(new Error('the client did not answer in time')), ANSWER_LIMIT_MS);
    });
    return answer.finally(() => clearTimeout(timer));
  }

  answered(id: string | undefined, node: Stanza): void {
    if (this.#expected?.id === id) this.#expected?.resolve(node);
  }

  failed(code: LinkErrorCode, reason: string): void {
    this.#expected?.reject(new LinkError(code, reason));
  }
}

/** Throws if the signed pre-key is not signed by the identity. */
export function readRegistration(
  noiseKey: Buffer,
  data: proto.ClientPayload.IDevicePairingRegistrationData,
): Registration {
  const identityKey = Buffer.from(data.eIdent ?? []);
  const value = Buffer.from(data.eSkeyVal ?? []);
  const signature = Buffer.from(data.eSkeySig ?? []);
  if (!isSignatureValid(identityKey, withKeyType(value), signature)) throw new Error('bad registration');
  const signedPreKey = { id: Buffer.from(data.eSkeyId ?? []).readUIntBE(0, 3), value, signature };
  const registrationId = Buffer.from(data.eRegid ?? []).readUInt32BE(0);
  return { noiseKey, identityKey, registrationId, signedPreKey };
}
