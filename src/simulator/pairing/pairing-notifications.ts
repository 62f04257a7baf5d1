import { randomBytes, randomUUID } from 'node:crypto';
import { nowSeconds } from '../wire/server-time.ts';
import { bytesOf, SERVER_JID, type Stanza, stanza } from '../wire/stanza.ts';
import type { CodeOffer, CodeRequest } from './code-exchange.ts';

/** The child of a `companion_reg_refresh` notification. Both mean the same. */
export type RefreshChild = 'companion_reg_refresh' | 'pair-device-rotate-qr';

/** The ADV secret of the client is retired (Baileys#2737). */
export function refreshNotification(child: RefreshChild): Stanza {
  return notification('companion_reg_refresh', stanza(child));
}

/** The pairing code has expired. */
export function expiredCodeNotification(code: CodeRequest): Stanza {
  const ref = stanza('link_code_pairing_ref', {}, Buffer.from(code.ref));
  const attrs = { stage: 'refresh_code', force_manual_refresh: 'true' };
  return notification('link_code_companion_reg', stanza('link_code_companion_reg', attrs, [ref]));
}

/** The phone's answer to a pairing code, without the parts in `missing`; those in `short` lack their last bytes. */
export function primaryHello(
  code: CodeRequest,
  offer: CodeOffer,
  identity: Buffer,
  { missing, short }: { readonly missing: ReadonlySet<string>; readonly short: ReadonlySet<string> },
): Stanza {
  const parts = [
    stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, offer.wrappedPhoneKey),
    stanza('primary_identity_pub', {}, identity),
    stanza('link_code_pairing_ref', {}, Buffer.from(code.ref)),
  ];
  const sent = parts
    .filter(({ tag }) => !missing.has(tag))
    .map((part) => (short.has(part.tag) ? { ...part, content: bytesOf(part).subarray(0, 5) } : part));
  const step = stanza('link_code_companion_reg', { stage: 'primary_hello' }, sent);
  return notification('link_code_companion_reg', step);
}

/** Clients with a pairing code get this empty notification before the one about a passkey (Baileys#2681). */
export function emptyCodeNotification(): Stanza {
  return notification('link_code_companion_reg', stanza('link_code_companion_reg'));
}

/** The account can be linked with a passkey only: the client gets WebAuthn options (Baileys#2672). */
export function passkeyNotification(): Stanza {
  const challenge = randomBytes(32).toString('base64url');
  const webAuthn = { challenge, rpId: 'whatsapp.com', allowCredentials: [], userVerification: 'required' };
  const options = stanza('passkey_request_options', {}, Buffer.from(JSON.stringify(webAuthn)));
  return notification('passkey_prologue_request', options);
}

function notification(type: string, child: Stanza): Stanza {
  const attrs = { from: SERVER_JID, type, id: randomUUID(), t: String(nowSeconds()) };
  return stanza('notification', attrs, [child]);
}
