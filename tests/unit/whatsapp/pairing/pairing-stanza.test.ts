import type { BinaryNode } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { readPairingStanza } from '../../../../src/whatsapp/pairing/pairing-stanza.ts';

const REF = Buffer.from('ref of this code');

const notice = (type: string, content: BinaryNode[]): BinaryNode => ({
  tag: 'notification',
  attrs: { type },
  content,
});
const refresh = (ref?: string): BinaryNode => {
  const content =
    ref === undefined ? [] : [{ tag: 'link_code_pairing_ref', attrs: {}, content: Buffer.from(ref) }];
  return notice('link_code_companion_reg', [
    { tag: 'link_code_companion_reg', attrs: { stage: 'refresh_code' }, content },
  ]);
};
const child = (tag: string): BinaryNode => ({ tag, attrs: {} });

it.each<[string, BinaryNode, string]>([
  ['a refresh of this code', refresh(REF.toString()), 'code-expired'],
  ['a refresh of any code', refresh(), 'code-expired'],
  ['a refresh of an earlier code', refresh('another'), 'empty'],
  ['a step without a stage', notice('link_code_companion_reg', [child('link_code_companion_reg')]), 'empty'],
  ['a retired secret', notice('companion_reg_refresh', [child('companion_reg_refresh')]), 'secret-retired'],
  [
    'a QR code to rotate',
    notice('companion_reg_refresh', [child('pair-device-rotate-qr')]),
    'secret-retired',
  ],
  // WhatsApp Web takes it for an error of the stanza (Baileys PR 2765).
  ['a refresh that names nothing', notice('companion_reg_refresh', []), 'unknown'],
  ['a refresh of something new', notice('companion_reg_refresh', [child('other')]), 'unknown'],
  ['a request for a passkey', notice('passkey_prologue_request', []), 'passkey-asked'],
  ['the second step of a request for a passkey', notice('crsc_continuation', []), 'passkey-asked'],
  ['anything else', notice('w:growth', []), 'unknown'],
])('readPairingStanza reads %s as $2', (_, node, kind) => {
  expect(readPairingStanza(node, REF).kind).toBe(kind);
});
