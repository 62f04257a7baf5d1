import { expect, test } from 'vitest';
import type { CloseReason } from '../../../../src/whatsapp/connection/close-reason.ts';
import { DoctorHint } from '../../../../src/whatsapp/connection/doctor-hint.ts';

const failed = (message: string): CloseReason => ({ kind: 'network', statusCode: undefined, message });
const noDns = failed('getaddrinfo ENOTFOUND web.whatsapp.com');
const refused = failed('through the proxy 10.0.0.1: connect ECONNREFUSED 10.0.0.1:3128');
const cut = failed('Connection Terminated');

const times = (count: number, reason: CloseReason): CloseReason[] => Array(count).fill(reason);

test.each<[what: string, closes: readonly CloseReason[], dueAt: readonly number[]]>([
  ['four failures', times(4, noDns), []],
  ['twenty failures of DNS', times(20, noDns), [4]],
  ['failures of DNS and of ports in turn', [noDns, refused, noDns, refused, noDns], [4]],
  ['failures between which WhatsApp was reached', [...times(4, noDns), cut, ...times(4, noDns)], []],
  [
    'failures between which a login was refused',
    [...times(4, refused), { kind: 'auth-failed', statusCode: 401 }, refused],
    [],
  ],
  ['lines that were only cut', times(20, cut), []],
])('for %s doctor is named at the closes $2', (_, closes, dueAt) => {
  const hint = new DoctorHint();
  const due = closes.flatMap((close, index) => (hint.isDue(close) ? [index] : []));
  expect(due).toEqual(dueAt);
});

test('an open connection ends the row of failures after which the doctor is named', () => {
  const hint = new DoctorHint();
  for (const close of times(4, noDns)) hint.isDue(close);
  hint.opened();
  expect(times(5, noDns).map((close) => hint.isDue(close))).toEqual([false, false, false, false, true]);
});
