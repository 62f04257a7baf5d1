import { describe, expect, test } from 'vitest';
import { BotLines } from '../../../src/demo/bot-process.ts';
import { readOptions } from '../../../src/demo/demo-options.ts';
import { exitMeaning, isNoteworthy, withoutFacts } from '../../../src/demo/event-reporter.ts';
import { chosenOptions } from '../../../src/demo/phone-actions.ts';
import { complete, HELP, readOrder } from '../../../src/demo/prompt-orders.ts';
import { QR_HEADING, renderQr } from '../../../src/pairing/qr-terminal.ts';

describe('a line at the prompt', () => {
  test.each([
    ['', { do: 'nothing' }],
    ['  !ping ', { do: 'write', text: '!ping' }],
    ['hello', { do: 'write', text: 'hello' }],
    ['/as Ben', { do: 'be', names: ['Ben'] }],
    ['/as Ben in Family', { do: 'be', names: ['Ben', 'in', 'Family'] }],
    ['/burst', { do: 'burst', count: 100 }],
    ['/burst 7', { do: 'burst', count: 7 }],
    ['/offline', { do: 'offline', seconds: 30 }],
    ['/offline 0', { do: 'offline', seconds: 0 }],
    ['/photo a.png !sticker please', { do: 'photo', path: 'a.png', caption: '!sticker please' }],
    ['/voice', { do: 'voice', seconds: 3 }],
    ['/voice 7', { do: 'voice', seconds: 7 }],
    ['/vote small', { do: 'vote', text: 'small' }],
    ['/vote  two  words, 3', { do: 'vote', text: 'two  words, 3' }],
    ['/vote', { do: 'vote', text: '' }],
    ['/react 👨‍👩‍👧‍👦', { do: 'react', emoji: '👨‍👩‍👧‍👦' }],
    ['/react', { do: 'react', emoji: '' }],
    ['/edit  !id  now', { do: 'edit', text: '!id  now' }],
    ['/join', { do: 'join', name: undefined }],
    ['/leave Ben', { do: 'leave', name: 'Ben' }],
    ['/log', { do: 'log', follow: undefined }],
    ['/log on', { do: 'log', follow: true }],
    ['/log off', { do: 'log', follow: false }],
    ['/KILL', { do: 'kill' }],
    ['/start', { do: 'restart' }],
    ['/why', { do: 'why' }],
    ['/rm -rf ./sessions', { do: 'forget' }],
    ['/quit', { do: 'quit' }],
  ])('the prompt reads the line %j', (line, order) => {
    expect(readOrder(line)).toEqual(order);
  });

  test.each([
    '/as',
    '/burst 0',
    '/burst 1001',
    '/burst many',
    '/offline -1',
    '/photo',
    '/log maybe',
    '/voice 0',
    '/voice long',
    '/react hello',
    '/edit',
    '/nothing',
  ])('the prompt explains why the line "%s" is wrong', (line) => {
    expect(readOrder(line).do).toBe('explain');
  });

  test.each(HELP.map(([order]) => order))('the prompt understands %s, as the help shows it', (order) => {
    expect(['explain', 'nothing']).not.toContain(readOrder(order).do);
  });

  test.each([
    ['/vte', 'There is no /vte. Did you mean /vote?'],
    ['/raect 👍', 'There is no /raect. Did you mean /react?'],
    ['/edti x', 'There is no /edti. Did you mean /edit?'],
    ['/joni', 'There is no /joni. Did you mean /join?'],
    ['/Leaf', 'There is no /leaf. /help lists what there is.'],
    ['/voise 3', 'There is no /voise. Did you mean /voice?'],
    ['/', 'There is no /. /help lists what there is.'],
  ])('the prompt answers %s with "%s"', (line, text) => {
    expect(readOrder(line)).toEqual({ do: 'explain', text });
  });

  test.each<[text: string, chosen: readonly string[] | undefined]>([
    ['pizza', ['pizza']],
    ['SOUP', ['soup']],
    ['2', ['soup']],
    ['pizza, 2,pizza', ['pizza', 'soup']],
    ['fish, or not', ['fish, or not']],
    ['', []],
    ['bread', undefined],
    ['pizza, bread', undefined],
    ['4', undefined],
    ['0', undefined],
  ])('the vote %j among pizza, soup and "fish, or not" chooses %j', (text, chosen) => {
    expect(chosenOptions(text, ['pizza', 'soup', 'fish, or not'])).toEqual(chosen);
  });

  test('the tab key completes orders and names', () => {
    expect(complete('/bu')).toEqual([['/burst 100'], '/bu']);
    expect(complete('/as B')).toEqual([['/as Ben'], '/as B']);
    expect(complete('!pi')).toEqual([[], '!pi']);
  });
});

describe('the arguments', () => {
  test.each([
    [[], true, { hasStory: true, hasPrompt: true }],
    [[], false, { hasStory: true, hasPrompt: false }],
    [['--no-prompt'], true, { hasStory: true, hasPrompt: false }],
    [['--prompt'], false, { hasStory: true, hasPrompt: true }],
    [['--watch'], true, { hasStory: false, hasPrompt: true }],
    [['--watch', '--prompt'], false, { hasStory: false, hasPrompt: true }],
  ])('the demo with the arguments %j and terminal %j has the options %j', (args, isTerminal, options) => {
    expect(readOptions(args, isTerminal)).toEqual({ kind: 'run', options });
  });

  test.each([[['--no-prompt', '--prompt']], [['--no-prompt', '--watch']], [['--watch']], [['--what']]])(
    'the demo refuses the arguments %j without a terminal',
    (args) => {
      expect(readOptions(args, false).kind).toBe('problem');
    },
  );
});

describe('what the bot prints', () => {
  test('the demo tells the QR code from the lines of the log, and leaves its hints out', () => {
    const block = renderQr('2@abc', { columns: undefined, isColorful: false, pngPath: undefined });
    const printed = `[INFO] before\n\n${block}On the phone: WhatsApp\nCode 1\n\n[INFO] after`;
    const reader = new BotLines();
    const parts = printed.split('\n').map((line) => reader.read(line));
    const kinds = parts.filter((part) => part !== undefined).map(({ kind }) => kind);
    expect(kinds).toEqual(['line', 'qr', 'line']);
    const code = parts.find((part) => part?.kind === 'qr');
    expect(block).toBe(`${QR_HEADING}\n${code?.kind === 'qr' ? code.code.join('\n') : ''}\n`);
  });

  test('the demo leaves out the facts of a log line, except those about a command', () => {
    expect(withoutFacts('[WARN] The connection closed  failures=1 detail="x y"')).toBe(
      '[WARN] The connection closed',
    );
    expect(withoutFacts('[ERROR] a command failed  command=roll file=../../x/src/commands/roll.ts')).toBe(
      '[ERROR] a command failed  command=roll file=src/commands/roll.ts',
    );
  });

  test.each([
    ['[INFO] Connection status: open', false],
    ['[INFO] Linked to Anna (+4915•••123). Send !ping', true],
    ['[INFO] a command was loaded again  file=x', true],
    ['[INFO] a listener was loaded again  file=x', true],
    ['[WARN] ⚠️ Authentication failed (401)', true],
    ['[ERROR] anything', true],
  ])('whether the log line "%s" is noteworthy: %s', (line, isWorthIt) => {
    expect(isNoteworthy(line)).toBe(isWorthIt);
  });

  test.each([
    [0, null, 'stopped (exit code 0)'],
    [77, null, 'logged out'],
    [75, null, 'in use elsewhere'],
    [78, null, 'cannot be used'],
    [1, null, 'crashed (exit code 1)'],
    [null, 'SIGKILL', 'was ended by SIGKILL'],
  ])('the demo explains exit code %s and signal %s as "%s"', (code, signal, words) => {
    expect(exitMeaning(code, signal)).toContain(words);
  });
});
