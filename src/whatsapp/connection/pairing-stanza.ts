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
  /** A notice of the code flow that says nothing. */
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

const REQUIRED_PARTS = [
  'link_code_pairing_ref',
  'link_code_pairing_wrapped_primary_ephemeral_pub',
  'primary_identity_pub',
];

/**
 * Sorts a notification that WhatsApp sends to a client that is not linked. `ref` is that of the code that is shown.
 *
 * Source: `WaPairingFlow` of vinikjkkj/zapo; Baileys#2737, #2694, #2672.
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
      const missing = REQUIRED_PARTS.filter((tag) => !bytesOf(childOf(step, tag))?.length);
      if (missing.length > 0) return { kind: 'code-failed', missing: missing.join(', ') };
      const isOurs = ref !== undefined && bytesOf(childOf(step, 'link_code_pairing_ref'))?.equals(ref);
      return isOurs
        ? { kind: 'code-entered' }
        : { kind: 'code-failed', missing: 'the reference of this code' };
    }
    case 'refresh_code':
      return { kind: 'code-expired' };
    default:
      return { kind: 'empty' };
  }
}
