import type { BinaryNode } from '@whiskeysockets/baileys';
import { bytesOf, childOf } from '../stanza.ts';

/** What a notification means for a client that is being linked. */
export type PairingStanza =
  /** The secret in the QR code is retired. */
  | { readonly kind: 'secret-retired' }
  /** The phone has entered the code, and its answer is whole: the library goes on with it. */
  | { readonly kind: 'code-entered' }
  /** The phone's answer to the code lacks something, or belongs to another code. */
  | { readonly kind: 'code-failed'; readonly missing: string }
  /** WhatsApp wants another code in the place of this one. */
  | { readonly kind: 'code-expired' }
  /** The account can be linked with a passkey only. */
  | { readonly kind: 'passkey-asked' }
  /** A notification of the code flow without content. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown' };

const KNOWN_TAGS: ReadonlySet<string> = new Set([
  ...['notification', 'ack', 'receipt', 'ib', 'success', 'failure'],
  ...['stream:error', 'stream:features', 'xmlstreamend', 'xmlstreamstart'],
]);
const KNOWN_REQUESTS = ['pair-device', 'pair-success', 'ping'];

/** Whether the library and this program know what to do with a stanza of a pairing. Notifications are sorted below. */
export function isKnownStanza(node: BinaryNode): boolean {
  if (node.tag !== 'iq') return KNOWN_TAGS.has(node.tag);
  const { type, xmlns } = node.attrs;
  if (type === 'result' || type === 'error' || xmlns === 'urn:xmpp:ping') return true;
  return KNOWN_REQUESTS.some((tag) => childOf(node, tag));
}

/** The parts of the phone's answer, and how many bytes each has at least: salt, IV and key; a key; a reference. */
const REQUIRED_PARTS: ReadonlyArray<readonly [tag: string, bytes: number]> = [
  ['link_code_pairing_ref', 1],
  ['link_code_pairing_wrapped_primary_ephemeral_pub', 80],
  ['primary_identity_pub', 32],
];

/**
 * Sorts a notification that WhatsApp sends to a client that is not linked. `ref` is that of the code that is shown.
 *
 * Sources: `WaPairingFlow` of vinikjkkj/zapo; `pair-code.go` of tulir/whatsmeow; Baileys#2737, #2694, #2672.
 */
export function readPairingStanza(node: BinaryNode, ref: Buffer | undefined): PairingStanza {
  switch (node.attrs.type) {
    case 'companion_reg_refresh': {
      const isKnown = childOf(node, 'companion_reg_refresh') ?? childOf(node, 'pair-device-rotate-qr');
      return { kind: isKnown ? 'secret-retired' : 'unknown' };
    }
    case 'link_code_companion_reg':
      return readCodeStep(childOf(node, 'link_code_companion_reg'), ref);
    case 'passkey_prologue_request':
    case 'crsc_continuation':
      return { kind: 'passkey-asked' };
    default:
      return { kind: 'unknown' };
  }
}

function readCodeStep(step: BinaryNode | undefined, ref: Buffer | undefined): PairingStanza {
  switch (step?.attrs.stage) {
    case 'primary_hello': {
      const missing = REQUIRED_PARTS.filter(
        ([tag, least]) => (bytesOf(childOf(step, tag))?.length ?? 0) < least,
      );
      if (missing.length > 0) return { kind: 'code-failed', missing: missing.map(([tag]) => tag).join(', ') };
      const isOurs = ref !== undefined && refIn(step)?.equals(ref);
      return isOurs
        ? { kind: 'code-entered' }
        : { kind: 'code-failed', missing: 'the reference of this code' };
    }
    case 'refresh_code': {
      const named = refIn(step);
      const isOther = ref !== undefined && named !== undefined && !named.equals(ref);
      return { kind: isOther ? 'empty' : 'code-expired' };
    }
    default:
      return { kind: 'empty' };
  }
}

const refIn = (step: BinaryNode): Buffer | undefined => bytesOf(childOf(step, 'link_code_pairing_ref'));
