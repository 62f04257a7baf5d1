import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { PairingDisplay, type PairingDisplayOptions } from '../../../src/pairing/pairing-display.ts';

const QR = `https://wa.me/settings/linked_devices#2@${'Zk9-_'.repeat(40)}`;

let sessionPath: string;
beforeEach(() => {
  sessionPath = mkdtempSync(join(tmpdir(), 'perennial-pairing-'));
});
afterEach(() => rmSync(sessionPath, { recursive: true }));

/** A display whose log and blocks go into one text, as they do in the program. */
function display(options: Partial<PairingDisplayOptions> = {}) {
  let text = '';
  const output = {
    writes: 0,
    write(part: string) {
      output.writes += 1;
      text += part;
    },
  };
  const isTerminal = options.isTerminal ?? false;
  const log = createLogger({
    level: 'info',
    format: 'auto',
    isTerminal,
    isColorAllowed: false,
    stream: output,
    keep: [sessionPath],
  });
  const shown = new PairingDisplay({
    log,
    output,
    sessionPath,
    isTerminal,
    isColorAllowed: true,
    size: () => ({ columns: 80, rows: 60 }),
    clock: { now: () => 1_000_000 },
    ...options,
  });
  return { shown, log, text: () => text, lines: () => stripVTControlCharacters(text).split('\n') };
}

const first = { qr: QR, expiresAtMs: 1_060_000, index: 0 };
const second = { qr: `${QR}2`, expiresAtMs: 1_020_000, index: 1 };

describe('showQr', () => {
  it('on a terminal showQr logs the two lines, and then prints the block', async () => {
    const { shown, lines } = display({ isTerminal: true });
    await shown.showQr(first);
    expect(lines()[0]).toBe('[INFO] QR Code received, scan with WhatsApp');
    expect(lines()[1]).toBe(
      `[INFO] 📱 Please scan the QR code to authenticate  png=${sessionPath}/qr-code.png`,
    );
    expect(lines().slice(2, 4)).toEqual(['', '=== SCAN THIS QR CODE WITH WHATSAPP ===']);
    expect(statSync(join(sessionPath, 'qr-code.png')).size).toBeGreaterThan(300);
  });

  it('showQr prints the block without escape codes if stdout is not a terminal, and names the picture before it', async () => {
    const { shown, text, lines } = display({ isTerminal: false });
    await shown.showQr(first);
    expect(JSON.parse(lines()[1] ?? '')).toMatchObject({
      msg: '📱 Please scan the QR code to authenticate',
      png: `${sessionPath}/qr-code.png`,
    });
    expect(text()).toContain('=== SCAN THIS QR CODE WITH WHATSAPP ===\n▄▄▄▄');
    expect(text()).not.toContain('\u001b');
  });

  it('showQr names the other ways to pair once, and the time that is left with each code', async () => {
    const { shown, text } = display({ pageUrl: () => 'http://127.0.0.1:8080/' });
    await shown.showQr(first);
    await shown.showQr(second);
    expect(text()).toContain('Code 1 is valid for 60 seconds');
    expect(text()).toContain('Code 2 is valid for 20 seconds');
    for (const hint of ['PAIRING_NUMBER', 'http://127.0.0.1:8080/', 'As a picture: ', 'Linked devices']) {
      expect(text().split(hint), hint).toHaveLength(2);
    }
  });

  it('on a terminal showQr erases the last block and prints the whole new one', async () => {
    const { shown, text } = display({ isTerminal: true });
    await shown.showQr(first);
    const block = text().slice(text().indexOf('\n\n===') + 1);
    const height = block.split('\n').length - 1;
    await shown.showQr(second);
    expect(text()).toContain(`\u001b[${height}A\u001b[0J[INFO] QR Code received`);
    expect(text().split('PAIRING_NUMBER')).toHaveLength(3);
  });

  it.each([
    ['something was printed since', { isTerminal: true }, true],
    [
      'the window is too low to hold it',
      { isTerminal: true, size: () => ({ columns: 80, rows: 24 }) },
      false,
    ],
    ['it may not use escape codes', { isTerminal: true, isColorAllowed: false }, false],
    ['there is no terminal', { isTerminal: false }, false],
  ])('showQr does not erase the last block if %s', async (_, options, speaks) => {
    const { shown, log, text } = display(options);
    await shown.showQr(first);
    if (speaks) log.info('hello');
    await shown.showQr(second);
    expect(text()).not.toContain('\u001b[0J');
    expect(text().match(/=== SCAN/g)).toHaveLength(2);
  });

  it('showQr shows codes one after another, in order', async () => {
    const { shown, text } = display();
    await Promise.all(Array.from({ length: 8 }, (_, index) => shown.showQr({ ...first, index })));
    expect([...text().matchAll(/Code (\d)/g)].map((match) => match[1]).join('')).toBe('12345678');
    expect(text()).not.toContain('"warn"');
    expect(readdirSync(sessionPath)).toEqual(['qr-code.png']);
  });

  it('showQr shows the code if the picture cannot be written, and does not name the picture', async () => {
    const { shown, text } = display({ sessionPath: join(sessionPath, 'missing') });
    await shown.showQr(first);
    expect(text()).toContain('"level":"warn"');
    expect(text()).toContain('▀');
    expect(text()).not.toMatch(/"png"|As a picture/);
  });

  it('showQr leaves out a text that is too long for a QR code, and shows the next one', async () => {
    const { shown, text } = display();
    await shown.showQr({ ...first, qr: 'x'.repeat(3_000) });
    await shown.showQr(second);
    expect(text()).toContain('"bytes":3000');
    expect(text()).toContain('Code 2');
  });

  it('showQr draws the longest text that it accepts', async () => {
    const { shown, text } = display();
    await shown.showQr({ ...first, qr: 'x'.repeat(2_900) });
    expect(text()).toContain('=== SCAN');
  });
});

describe('the countdown', () => {
  const ticking = async (options: Partial<PairingDisplayOptions> = {}) => {
    const made = display({ isTerminal: true, clock: systemClock, ...options });
    await made.shown.showQr({ ...first, expiresAtMs: Date.now() + 3_000 });
    const before = made.text();
    return { ...made, since: () => made.text().slice(before.length) };
  };
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('the countdown replaces the last line once a second until the code ends', async () => {
    const { since } = await ticking();
    vi.advanceTimersByTime(60_000);
    const line = (text: string) => `\u001b[2A\r${text}\u001b[K\u001b[2B\r`;
    expect(since()).toBe(
      line('Code 1 is valid for 2 seconds. The next code follows.') +
        line('Code 1 is valid for 1 second. The next code follows.') +
        line('Code 1 has expired. The next code follows.'),
    );
  });

  it('the countdown does not keep the block from being erased', async () => {
    const { shown, since } = await ticking();
    vi.advanceTimersByTime(3_000);
    await shown.showQr(second);
    expect(since()).toContain('\u001b[0J[INFO] QR Code received');
  });

  it('the countdown stops when something else is written', async () => {
    const { log, since } = await ticking();
    log.info('hello');
    vi.advanceTimersByTime(3_000);
    expect(since()).toBe('[INFO] hello\n');
  });

  it('the countdown stops when there is no code to scan any more', async () => {
    const { shown, since } = await ticking();
    shown.stopCountdown();
    vi.advanceTimersByTime(3_000);
    expect(since()).toBe('');
    expect(vi.getTimerCount()).toBe(0);
  });

  let columns = 80;
  it.each([
    ['the window has become narrower', { size: () => ({ columns: columns--, rows: 60 }) }],
    ['the line does not fit into a row', { size: () => ({ columns: 40, rows: 60 }) }],
    ['no escape codes may be used', { isColorAllowed: false }],
    ['there is no terminal', { isTerminal: false }],
  ])('there is no countdown if %s', async (_, options) => {
    const { since } = await ticking(options);
    vi.advanceTimersByTime(3_000);
    expect(since()).toBe('');
  });

  it('if stdout is not a terminal, the line names the time of day at which the code ends', async () => {
    vi.setSystemTime(new Date(2026, 0, 2, 13, 4, 5));
    const { text } = await ticking({ isTerminal: false });
    expect(text()).toContain('Code 1 is valid for 3 seconds, until 13:04:08. The next code follows.');
  });
});

describe('a secret that was renewed', () => {
  it('a QR code whose secret was renewed is drawn with its new text at once, on the terminal and as a picture', async () => {
    const { shown, text } = display();
    await shown.showQr(first);
    const before = readFileSync(join(sessionPath, 'qr-code.png'));
    await shown.showQr({ ...first, qr: `${QR}renewed` });
    expect(text().match(/Code 1/g)).toHaveLength(2);
    expect(readFileSync(join(sessionPath, 'qr-code.png')).equals(before)).toBe(false);
  });

  it('a QR code that is on the screen already is not drawn again', async () => {
    const { shown, text } = display();
    await shown.showQr(first);
    await shown.showQr(first);
    shown.showCode({ code: 'ABCDEFGH', expiresAtMs: 1_180_000 });
    shown.showCode({ code: 'ABCDEFGH', expiresAtMs: 1_180_000 });
    expect(text().match(/=== SCAN/g)).toHaveLength(1);
    expect(text().match(/=== ENTER/g)).toHaveLength(1);
  });
});

describe('a pairing code', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('on a terminal a pairing code counts down, and the line says when it has ended', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    const { shown, text } = display({ isTerminal: true, clock: systemClock });
    shown.showCode({ code: 'ABCDEFGH', expiresAtMs: Date.now() + 180_000 });
    expect(text()).toContain('This code is valid for 180 seconds. The next code follows.');
    vi.advanceTimersByTime(180_000);
    expect(text()).toContain('\rThis code is valid for 1 second.');
    expect(text()).toContain('\rThis code has expired. The next code follows.');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('in a log the line of a pairing code names the time of its end', () => {
    const { shown, text } = display();
    shown.showCode({ code: 'ABCDEFGH', expiresAtMs: 1_180_000 });
    expect(text()).toMatch(/This code is valid for 180 seconds, until \d\d:\d\d:\d\d\./);
  });
});

describe('NO_COLOR on a terminal', () => {
  it('with NO_COLOR a QR code is still drawn black on white, because a camera needs it on a light ground', async () => {
    const { shown, text } = display({ isTerminal: true, isColorAllowed: false });
    await shown.showQr(first);
    expect(text()).toContain('\u001b[38;5;16;48;5;231m');
    expect(stripVTControlCharacters(text())).toContain('Code 1 is valid for 60 seconds');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(text().replace(/\u001b\[38;5;16;48;5;231m|\u001b\[0m/g, '')).not.toMatch(/\u001b/);
  });

  it('with TERM=dumb a QR code is drawn without escape codes', async () => {
    const { shown, text } = display({ isTerminal: true, isColorAllowed: false, isDumb: true });
    await shown.showQr(first);
    expect(text()).not.toContain('\u001b');
  });
});

describe('a window that grows', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['rows', { columns: 80, rows: 24 }, { columns: 80, rows: 30 }],
    ['columns', { columns: 40, rows: 60 }, { columns: 50, rows: 60 }],
  ])(
    'a window that grows gets the whole code once its %s suffice, and only then',
    async (_, small, stillSmall) => {
      let size = small;
      const { shown, text, log } = display({ isTerminal: true, clock: systemClock, size: () => size });
      await shown.showQr({ ...first, qr: `${QR}#`, expiresAtMs: Date.now() + 60_000 });
      log.info('hello');
      const before = text().length;
      size = stillSmall;
      vi.advanceTimersByTime(5_000);
      expect(text().slice(before)).not.toContain('=== SCAN');
      size = { columns: 80, rows: 60 };
      vi.advanceTimersByTime(1_000);
      const after = text().slice(before);
      expect(after.match(/=== SCAN/g)).toHaveLength(1);
      expect(after).not.toContain('This window');
      expect(after).toContain('Code 1 is valid for 54 seconds');
      vi.advanceTimersByTime(60_000);
      expect(
        text()
          .slice(before)
          .match(/=== SCAN/g),
      ).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});

describe('a window that is too low', () => {
  it('if the window is too low, a line before the code says so and names every other way', async () => {
    const { shown, text } = display({
      isTerminal: true,
      size: () => ({ columns: 80, rows: 24 }),
      pageUrl: () => 'http://127.0.0.1:8080',
    });
    await shown.showQr(first);
    await shown.showQr(second);
    for (const drawn of text().split('=== SCAN').slice(0, 2)) {
      const sentence = drawn.slice(drawn.lastIndexOf('This window has 24 rows'));
      for (const way of ['make it taller', 'qr-code.png', 'http://127.0.0.1:8080', 'PAIRING_NUMBER'])
        expect(sentence).toContain(way);
    }
  });

  it.each([
    [24, 'is told that the code needs 40', 'This window has 24 rows, the code needs 40'],
    [60, 'is told nothing', undefined],
  ])('a person with a window of %i rows %s', async (rows, _, sentence) => {
    const { shown, text } = display({ isTerminal: true, size: () => ({ columns: 80, rows }) });
    await shown.showQr(first);
    if (sentence === undefined) expect(text()).not.toContain('This window');
    else expect(text()).toContain(sentence);
  });
});

describe('what is secret', () => {
  it.each(['silent', 'trace'] as const)(
    'the log at %s holds neither the QR text nor the pairing code',
    async (level) => {
      let logged = '';
      let printed = '';
      const log = createLogger({
        level,
        format: 'json',
        isTerminal: false,
        stream: { write: (line) => (logged += line) },
      });
      const { shown } = display({ log, output: { write: (part) => (printed += part) } });
      await shown.showQr(first);
      shown.showCode({ code: 'ABCDEFGH', expiresAtMs: 1_180_000 });
      expect(logged + printed).not.toContain('Zk9-_');
      expect(logged).not.toMatch(/ABCD|EFGH/);
      expect(printed).toContain('ABCD-EFGH');
      expect(printed).toContain('=== SCAN');
    },
  );
});
