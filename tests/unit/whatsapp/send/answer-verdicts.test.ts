import { Boom } from '@hapi/boom';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { refusals } from '../../../../src/core/refusal-counts.ts';
import { AnswerLog } from '../../../../src/whatsapp/send/answer-log.ts';
import {
  type Answer,
  answerIn,
  type Request,
  sortAnswer,
  type Verdict,
} from '../../../../src/whatsapp/send/answer-verdicts.ts';

const error = (code: number): Answer => ({ kind: 'error', code });

describe('sortAnswer', () => {
  it.each<[string, Request, Answer, Verdict['kind']]>([
    ['a malformed message', 'message', error(400), 'refused'],
    ['a chat that the account may not write to', 'message', error(403), 'refused'],
    ['a chat that is gone', 'message', error(404), 'refused'],
    ['a message that is not acceptable', 'message', error(406), 'refused'],
    ['an outdated list of devices', 'message', error(409), 'later'],
    ['an outdated addressing of a group', 'message', error(421), 'later'],
    ['a rate limit on messages', 'message', error(429), 'later'],
    ['a missing privacy token', 'message', error(463), 'later'],
    ['a message that is refused with 475', 'message', error(475), 'refused'],
    ['a message that is not valid', 'message', error(479), 'refused'],
    ['a protobuf that is not valid', 'message', error(491), 'refused'],
    ['an error of the service', 'message', error(500), 'later'],
    ['a service that is not available', 'message', error(503), 'later'],
    ['an unknown error below 500', 'message', error(499), 'refused'],
    ['an unknown error above 550', 'message', error(551), 'refused'],
    ['an error that is no number', 'message', error(0), 'refused'],
    ['a message without an acknowledgement', 'message', { kind: 'silence' }, 'dead'],
    ['a message that closes the connection each time', 'message', { kind: 'closed-each-time' }, 'refused'],
    ['a group that the account is not in', 'group', error(403), 'refused'],
    ['a group that does not exist', 'group', error(404), 'refused'],
    ['a rate limit on group queries', 'group', error(429), 'later'],
    ['a group query without an answer', 'group', { kind: 'silence' }, 'dead'],
    ['a LID that the account may not use yet', 'message', { kind: 'lid-refused' }, 'later'],
    ['a person without devices', 'people', { kind: 'no-devices' }, 'refused'],
    ['a device query without an answer', 'people', { kind: 'silence' }, 'dead'],
    ['a file that is gone', 'download', error(404), 'refused'],
    ['a file that has expired', 'download', error(410), 'refused'],
    ['a media host with an error', 'download', error(502), 'later'],
    ['a file that the media host refuses', 'upload', error(403), 'refused'],
    ['a file that is too large', 'upload', error(413), 'refused'],
    ['a file of a kind that is not taken', 'upload', error(415), 'refused'],
    ['an upload whose request is malformed', 'upload', error(400), 'refused'],
    ['an upload whose address does not exist', 'upload', error(404), 'refused'],
    ['an expired key for uploads', 'upload', error(401), 'later'],
    ['a rate limit on uploads', 'upload', error(429), 'later'],
    ['a media host that is full', 'upload', error(507), 'later'],
    ['an upload that fails', 'message', { kind: 'failure' }, 'later'],
    ['a message that the library cannot send', 'message', { kind: 'failure' }, 'later'],
  ])('the table of answers sorts %s as $3', (_, request, answer, expected) => {
    expect(sortAnswer(request, answer).kind).toBe(expected);
  });
});

describe('answerIn', () => {
  it.each<[string, unknown, Answer]>([
    ['the code of a query', new Boom('forbidden', { data: 403 }), error(403)],
    ['a query without an answer', new Boom('Timed Out', { statusCode: 408 }), { kind: 'silence' }],
    ['a closed connection', new Boom('Connection Closed', { statusCode: 428 }), { kind: 'silence' }],
    [
      'a failure of the library',
      new Boom('All encryptions failed', { statusCode: 500 }),
      { kind: 'failure' },
    ],
    ['an error that is no Boom', new TypeError('undefined is not iterable'), { kind: 'failure' }],
  ])('the table of answers reads %s', (_, thrown, expected) => {
    expect(answerIn(thrown)).toEqual(expected);
  });
});

describe('AnswerLog', () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });

  it('a refusal is counted and logged by its code', () => {
    lines.length = 0;
    const before = new Map(refusals()).get('479') ?? 0;
    const refused = new AnswerLog(log).errorFor('message', 'ID1', error(479));
    expect(refused).toMatchObject({ code: 'SEND_REFUSED', whatsappCode: '479' });
    expect(new Map(refusals()).get('479')).toBe(before + 1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ code: '479', messageId: 'ID1' }]);
  });

  it('the table of answers refuses a message for good after as many tries as the table allows', () => {
    const answers = new AnswerLog(log);
    const codes = [1, 2, 3].map(() => answers.errorFor('message', 'ID1', error(409)).code);
    expect(codes).toEqual(['SEND_TIMEOUT', 'SEND_TIMEOUT', 'SEND_REFUSED']);
    expect(answers.errorFor('message', 'ID2', error(409))).toMatchObject({
      code: 'SEND_TIMEOUT',
      retryAfterMs: 1_000,
    });
  });

  it('the table of answers counts the tries anew after a final refusal: the same group may be asked for again tomorrow', () => {
    const answers = new AnswerLog(log);
    const ask = () => answers.errorFor('group', '1@g.us', error(409)).code;
    expect([1, 2, 3].map(ask)).toEqual(['SEND_TIMEOUT', 'SEND_TIMEOUT', 'SEND_REFUSED']);
    expect([1, 2, 3].map(ask)).toEqual(['SEND_TIMEOUT', 'SEND_TIMEOUT', 'SEND_REFUSED']);
  });

  it('the table of answers counts the tries anew after an answer', () => {
    const answers = new AnswerLog(log);
    for (let day = 0; day < 5; day += 1) {
      expect(answers.errorFor('group', '1@g.us', error(409)).code).toBe('SEND_TIMEOUT');
      answers.answered('group', '1@g.us');
    }
  });

  it('AnswerLog never refuses a message because the connection does not answer', () => {
    const answers = new AnswerLog(log);
    for (let turn = 0; turn < 100; turn += 1)
      expect(answers.errorFor('people', 'ID1', { kind: 'silence' }).code).toBe('SEND_TIMEOUT');
  });
});
