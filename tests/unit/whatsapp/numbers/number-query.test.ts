import type { BinaryNode } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { readNumberAnswer } from '../../../../src/whatsapp/numbers/number-query.ts';

const TYPED = '5531988887777';
const PN = '553188887777@s.whatsapp.net';
const LID = '200000000000001@lid';
const node = (
  tag: string,
  attrs: Record<string, string> = {},
  content?: BinaryNode['content'],
): BinaryNode => ({
  tag,
  attrs,
  ...(content !== undefined && { content }),
});
const answer = (...users: BinaryNode[]): BinaryNode =>
  node('iq', { type: 'result' }, [node('usync', {}, [node('result'), node('list', {}, users)])]);
const contact = (type: string, asked = `+${TYPED}`): BinaryNode =>
  node('contact', { type }, Buffer.from(asked));

const both = { pn: PN, lid: LID };
test.each<[sentence: string, node: BinaryNode | undefined, expected: unknown]>([
  [
    'the number of the account',
    answer(node('user', { jid: PN }, [contact('in')])),
    { number: '553188887777', addresses: undefined },
  ],
  [
    'the number and the LID',
    answer(node('user', { jid: PN }, [node('lid', { val: LID }), contact('in')])),
    { number: '553188887777', addresses: both },
  ],
  [
    'the number beside the LID as the address of the account',
    answer(node('user', { jid: LID, pn_jid: PN }, [contact('in')])),
    { number: '553188887777', addresses: both },
  ],
  [
    'the typed number if only a LID is told',
    answer(node('user', { jid: LID }, [contact('in')])),
    { number: TYPED, addresses: { pn: `${TYPED}@s.whatsapp.net`, lid: LID } },
  ],
  [
    'the question as an address, as other clients write it',
    answer(node('user', { jid: PN }, [contact('in', `${TYPED}@c.us`)])),
    { number: '553188887777', addresses: undefined },
  ],
  ['no account', answer(node('user', { jid: PN }, [contact('out')])), { number: null, addresses: undefined }],
  [
    'an impossible number',
    answer(node('user', {}, [contact('invalid')])),
    { number: null, addresses: undefined },
  ],
  ['nothing without a contact', answer(node('user', { jid: PN })), undefined],
  [
    'nothing if the contact is of a kind that is not known',
    answer(node('user', {}, [contact('?')])),
    undefined,
  ],
  [
    'nothing if it answers about another number',
    answer(node('user', { jid: PN }, [contact('in', '1555')])),
    undefined,
  ],
  [
    'nothing if it names two accounts',
    answer(node('user', { jid: PN }, [contact('in')]), node('user', { jid: LID }, [contact('in')])),
    undefined,
  ],
  ['nothing without an answer', undefined, undefined],
  ['nothing without a list', node('iq', { type: 'result' }), undefined],
])('an answer about a number tells %s', (_, stanza, expected) => {
  expect(readNumberAnswer(stanza, TYPED)).toEqual(expected);
});
