import { expect, test } from 'vitest';
import { safeError } from '../../../../src/bot/run/safe-error.ts';
import { createLogger } from '../../../../src/logging/logger.ts';

/** The log line of an error that a command threw for this message. */
function logged(error: unknown, text: string, format: 'json' | 'pretty' = 'json'): string {
  let output = '';
  const stream = { write: (line: string) => (output += line) };
  createLogger({ level: 'info', format, isTerminal: false, stream }).error(
    { command: 'roll', err: safeError(error, text) },
    'a command failed',
  );
  return output;
}

test('the log shows the message and the stack of what a command threw', () => {
  const error = new TypeError('sides is not a number');
  const { err } = JSON.parse(logged(error, '!roll'));
  expect(err).toMatchObject({ type: 'TypeError', message: 'sides is not a number' });
  expect(err.stack).toMatch(/safe-error\.test\.ts:\d+:\d+/);
  const pretty = logged(error, '!roll', 'pretty');
  expect(pretty).toContain('err="sides is not a number"');
  expect(pretty).toMatch(/\n\s+at .*safe-error\.test\.ts/);
});

test.each([
  ['a word', 'no user called hunter2', '!user hunter2'],
  ['a word in other letters', 'no user called HUNTER2', '!user Hunter2'],
  ['a word that is a pattern', 'no user called (hunter2[+', '!user (hunter2[+'],
  ['a word with a comma', 'no user called hunter2', '!user hunter2, please'],
  ['a word in a cause', 'could not look it up', '!user hunter2'],
  ['a line that looks like a frame', 'first\n    at hunter2 (x:1:2)', '!user hunter2'],
])('the log masks %s of the person', (_, message, text) => {
  const error = new Error(message, { cause: new Error('hunter2 is unknown') });
  for (const format of ['json', 'pretty'] as const)
    expect(logged(error, text, format)).not.toMatch(/hunter2/i);
  expect(logged(error, text)).toContain('is unknown');
});

test('a thrown value that is no error is logged', () => {
  expect(JSON.parse(logged('just a text', '!roll')).err).toMatchObject({
    type: 'string',
    message: 'just a text',
  });
});

test('of a thrown object that is no error its message is logged, or the names of its fields', () => {
  const message = (thrown: unknown) => JSON.parse(logged(thrown, '!roll hunter2')).err.message;
  expect(message({ status: 1, body: 'hunter2' })).toBe('an object with the fields: status, body');
  expect(message({ message: 'no hunter2' })).toBe('no …');
  expect(message(null)).toBe('null');
});
