import { describe, expect, it } from 'vitest';
import { Directory } from '../../../../src/simulator/server/directory.ts';
import { initialSwitches, type SendRefusal } from '../../../../src/simulator/server/fault-switches.ts';
import { kindOf, refusalOf } from '../../../../src/simulator/server/send-refusals.ts';
import { type Stanza, stanza } from '../../../../src/simulator/wire/stanza.ts';

const directory = new Directory({ number: '15550100000', lid: '100' });
const text = (to: string, id = 'A'): Stanza =>
  stanza('message', { to, id, type: 'text' }, [stanza('enc', { type: 'msg' })]);
const image = (to: string): Stanza =>
  stanza('message', { to, id: 'A', type: 'media' }, [
    stanza('participants', {}, [
      stanza('to', { jid: to }, [stanza('enc', { type: 'msg', mediatype: 'image' })]),
    ]),
  ]);
const rule = (match: Partial<SendRefusal>): SendRefusal => ({
  to: undefined,
  kind: undefined,
  id: undefined,
  answer: { kind: 'ack', code: 479 },
  times: 1,
  ...match,
});
const answer = (node: Stanza, refusal: SendRefusal) =>
  refusalOf(node, { ...initialSwitches().sends, refusals: [refusal] }, directory)?.code;

describe('refusalOf', () => {
  it.each([
    ['matches every send without a filter', text('1@s.whatsapp.net'), {}, 479],
    ['matches a receiver by number', text('1@s.whatsapp.net'), { to: ['1@s.whatsapp.net', '2@lid'] }, 479],
    ['matches a receiver by LID', text('2@lid'), { to: ['1@s.whatsapp.net', '2@lid'] }, 479],
    ['leaves other receivers alone', text('3@lid'), { to: ['1@s.whatsapp.net', '2@lid'] }, undefined],
    ['matches a kind by the media type of a copy', image('1@lid'), { kind: 'image' }, 479],
    ['leaves other kinds alone', text('1@lid'), { kind: 'image' }, undefined],
    ['matches text by the type of the stanza', text('1@lid'), { kind: 'text' }, 479],
    ['matches an id', text('1@lid', 'B'), { id: 'B' }, 479],
    ['leaves other ids alone', text('1@lid', 'A'), { id: 'B' }, undefined],
    ['refuses nothing any more after its last time', text('1@lid'), { times: 0 }, undefined],
  ])('a refusal of sends %s', (_, node, match, code) => {
    expect(answer(node, rule(match))).toBe(code);
  });

  it('a refusal of sends counts its times down', () => {
    const refusal = rule({ times: 2 });
    expect([1, 2, 3].map(() => answer(text('1@lid'), refusal))).toEqual([479, 479, undefined]);
  });

  it('a refusal of sends with infinite times never ends', () => {
    const refusal = rule({ times: Number.POSITIVE_INFINITY });
    expect([1, 2, 3].map(() => answer(text('1@lid'), refusal))).toEqual([479, 479, 479]);
  });

  it('refusalOf refuses a send to an unknown group with 404', () => {
    expect(refusalOf(text('1@g.us'), initialSwitches().sends, directory)).toEqual({ kind: 'ack', code: 404 });
  });

  it('refusalOf refuses a privacy token in a message to own devices with 479', () => {
    const node = stanza('message', { to: '1@lid', category: 'peer' }, [
      stanza('tctoken', {}, Buffer.from('t')),
    ]);
    expect(refusalOf(node, initialSwitches().sends, directory)?.code).toBe(479);
  });
});

it('refusalOf names the kind of a message after its media, else after the type of its stanza', () => {
  expect([text('1@lid'), image('1@lid')].map(kindOf)).toEqual(['text', 'image']);
});
