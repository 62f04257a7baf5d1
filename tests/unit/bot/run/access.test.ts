import { expect, test } from 'vitest';
import {
  type Access,
  type AccessDecision,
  decideAccess,
  isAdmin,
  isOwner,
} from '../../../../src/bot/run/access.ts';
import type { Person } from '../../../../src/core/messages/incoming-message.ts';

const LEVELS = ['everyone', 'members', 'admins', 'owners'] as const;

/** Direct chat, direct chat of an owner, group, group as an admin, group as an owner. */
const TABLE: Record<Access, readonly AccessDecision[]> = {
  everyone: ['allowed', 'allowed', 'allowed', 'allowed', 'allowed'],
  members: ['groups-only', 'groups-only', 'allowed', 'allowed', 'allowed'],
  admins: ['groups-only', 'groups-only', 'admins-only', 'allowed', 'allowed'],
  owners: ['owners-only', 'allowed', 'owners-only', 'owners-only', 'allowed'],
};
const PLACES = [
  { isGroup: false, isAdmin: false, isOwner: false },
  { isGroup: false, isAdmin: false, isOwner: true },
  { isGroup: true, isAdmin: false, isOwner: false },
  { isGroup: true, isAdmin: true, isOwner: false },
  { isGroup: true, isAdmin: false, isOwner: true },
];

test.each(LEVELS)('decideAccess lets the right people use a command for %s', (access) => {
  expect(PLACES.map((facts) => decideAccess(access, facts))).toEqual(TABLE[access]);
});

const person = (id: string, number: string | undefined, jid: string): Person => ({
  id,
  number,
  jid,
  name: undefined,
});
const OWNERS = { numbers: new Set(['15551230001']), ownIds: ['15559990000', 'lid:9000'] };

test.each<[sentence: string, who: Person, isFromMe: boolean, expected: boolean]>([
  [
    'an owner who writes under the number',
    person('15551230001', '15551230001', '15551230001@s.whatsapp.net'),
    false,
    true,
  ],
  [
    'an owner who writes under a LID whose number is known',
    person('15551230001', '15551230001', '7001@lid'),
    false,
    true,
  ],
  ['a LID whose number nobody knows', person('lid:7001', undefined, '7001@lid'), false, false],
  [
    'a LID with the digits of an owner',
    person('lid:15551230001', undefined, '15551230001@lid'),
    false,
    false,
  ],
  [
    'the linked account under its number',
    person('15559990000', '15559990000', '15559990000@s.whatsapp.net'),
    false,
    true,
  ],
  ['the linked account under its LID', person('lid:9000', undefined, '9000@lid'), false, true],
  ['another device of the linked account', person('lid:1', undefined, '1@lid'), true, true],
  ['a stranger', person('15551230009', '15551230009', '15551230009@s.whatsapp.net'), false, false],
  [
    'a number that only begins like an owner',
    person('155512300019', '155512300019', '155512300019@s.whatsapp.net'),
    false,
    false,
  ],
])('isOwner of %s is $3', (_sentence, who, isFromMe, expected) => {
  expect(isOwner(who, isFromMe, OWNERS)).toBe(expected);
});

const GROUP_FACTS = {
  chat: '1@g.us',
  subject: 'x',
  members: [
    { id: '15551230001', jid: '7001@lid', isAdmin: true },
    { id: 'lid:7002', jid: '7002@lid', isAdmin: true },
    { id: '15551230003', jid: '15551230003@s.whatsapp.net', isAdmin: false },
  ],
};

test.each<[sentence: string, who: Person, expected: boolean]>([
  [
    'an admin under the number, listed under both',
    person('15551230001', '15551230001', '15551230001@s.whatsapp.net'),
    true,
  ],
  ['an admin under the LID, listed under both', person('lid:7001', undefined, '7001@lid'), true],
  ['an admin under the LID', person('lid:7002', undefined, '7002@lid'), true],
  ['a member who is no admin', person('15551230003', '15551230003', '15551230003@s.whatsapp.net'), false],
  ['nobody of the group', person('1', '1', '1@s.whatsapp.net'), false],
])('isAdmin of %s is $2', (_sentence, who, expected) => {
  expect(isAdmin(who, GROUP_FACTS)).toBe(expected);
});
