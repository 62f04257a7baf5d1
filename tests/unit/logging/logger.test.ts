import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { runningHandler } from '../../../src/core/running-handler.ts';
import { baileysLogger } from '../../../src/logging/baileys-logger.ts';
import { guardConsole, isAuthorsCode } from '../../../src/logging/console-guard.ts';
import { createLogger, type Logger, type LoggerOptions } from '../../../src/logging/logger.ts';
import { credentialsIn, maskJid, maskNumber, maskText } from '../../../src/logging/mask.ts';
import { createSink } from '../../../src/logging/output-sink.ts';

const ESCAPE = '\u001b';

/** A logger, and all that it wrote. */
function recorded(options: Partial<LoggerOptions> = {}): {
  log: Logger;
  output: () => string;
  last: () => Record<string, unknown>;
} {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const log = createLogger({ level: 'trace', format: 'json', isTerminal: false, stream, ...options });
  return { log, output: () => written.join(''), last: () => JSON.parse(written.at(-1) ?? '{}') };
}

const LINES = [
  ['info', 'Initializing Baileys WhatsApp client...'],
  ['info', 'Connection status: open'],
  ['info', '✅ WhatsApp connection established'],
  ['info', 'QR Code received, scan with WhatsApp'],
  ['info', '📱 Please scan the QR code to authenticate'],
  ['warn', '⚠️ Authentication failed (401)'],
  ['warn', 'Authentication failed, but might be temporary. Trying to reconnect...'],
  ['info', 'Reconnecting in 5 seconds...'],
  ['error', 'Logged out. Run: rm -rf ./sessions'],
] as const;

describe('the lines that people rely on', () => {
  it.each(LINES)('on a terminal the logger prints a line at the level %s: %s', (level, text) => {
    const { log, output } = recorded({ format: 'auto', isTerminal: true, isColorAllowed: false });
    log[level]({}, text);
    expect(output()).toBe(`[${level.toUpperCase()}] ${text}\n`);
  });

  it.each(LINES)('in a pipe the logger writes JSON for a line at the level %s: %s', (level, text) => {
    const { log, last } = recorded({ format: 'auto' });
    log[level](text);
    expect(last()).toEqual({ level, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), msg: text });
  });

  it.each(LINES)('the line %s in color keeps level and text in one piece: %s', (level, text) => {
    const { log, output } = recorded({ format: 'auto', isTerminal: true });
    log[level](text);
    expect(output()).toContain(`[${level.toUpperCase()}] ${text}`);
  });
});

describe('the format', () => {
  it.each([
    ['auto', true, true],
    ['auto', false, false],
    ['pretty', false, true],
    ['json', true, false],
  ] as const)('whether the format %s, with terminal %s, is readable: %s', (format, isTerminal, isPretty) => {
    const { log, output } = recorded({ format, isTerminal });
    log.info('hello');
    expect(output().startsWith('[INFO]')).toBe(isPretty);
  });

  it.each([
    ['a terminal', true, true, true],
    ['a terminal with NO_COLOR', true, false, false],
    ['a pipe', false, true, false],
  ] as const)('whether the pretty format has color on %s: $3', (_, isTerminal, isColorAllowed, hasColor) => {
    const { log, output } = recorded({ format: 'pretty', isTerminal, isColorAllowed });
    log.warn({ code: 401 }, 'connection closed');
    expect(output().includes(ESCAPE)).toBe(hasColor);
  });

  it('the logger puts facts after the text', () => {
    const { log, output } = recorded({ format: 'pretty' });
    log.info({ code: 401, name: 'two words', list: [1] }, 'connection closed');
    expect(output()).toBe('[INFO] connection closed  code=401 name="two words" list=[1]\n');
  });

  it('the logger writes no line below its level, and none at silent', () => {
    const { log, output } = recorded({ level: 'warn' });
    log.info('no');
    log.level = 'silent';
    log.fatal('no');
    expect(output()).toBe('');
  });

  it.each(['pretty', 'json'] as const)(
    'the logger lets no control character of a stranger reach the terminal, in %s',
    (format) => {
      const { log, output } = recorded({ format });
      const hostile = '\u001b[2Jx\u009b1A\u0007\u007f\u202e\u2066\u061c\u2028\u2029\u0085\t';
      log
        .child({ [hostile]: hostile })
        .info({ [hostile]: [hostile], err: new Error(hostile) }, `hi ${hostile}`);
      log.error(new RangeError(hostile));
      const shown = output();
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
      expect(shown).not.toMatch(control);
      // A reader of the JSON gets none either.
      expect(shown).not.toMatch(/\\u00[01789]/);
      expect(shown).toContain('hi [2Jx1A');
    },
  );

  it('the logger prints an AppError without its stack, and another error with it', () => {
    const { log, output } = recorded({ format: 'pretty' });
    log.error({ err: new AppError('LOGGED_OUT', 'It is over. Link again.') }, 'stopped');
    expect(output()).toBe('[ERROR] stopped  err="It is over. Link again."\n');
    log.error(new TypeError('x is not a function'));
    expect(output()).toMatch(/\[ERROR\] x is not a function.*\n\s*TypeError: x is not a function\n\s+at /);
  });

  it('the logger prints code, status and cause of an error, and no other fields of it', () => {
    const { log, last } = recorded();
    const cause = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const error = Object.assign(new Error('closed', { cause }), {
      output: { statusCode: 401 },
      data: { secret: 'x' },
    });
    log.warn({ err: error }, 'connection closed');
    expect(last().err).toEqual({
      type: 'Error',
      message: 'closed',
      statusCode: 401,
      stack: expect.any(String),
      cause: { type: 'Error', message: 'no space', code: 'ENOSPC', stack: expect.any(String) },
    });
  });

  it('the logger prints facts that contain themselves, are deep or are wide', () => {
    const { log, last } = recorded();
    const circle: Record<string, unknown> = {
      a: 1,
      wide: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`f${i}`, i])),
    };
    circle.self = circle;
    log.info(circle, 'hello');
    expect(last()).toMatchObject({ a: 1, msg: 'hello', wide: { f19: 19, '…': '99 in all' } });
    expect(JSON.stringify(last()).length).toBeLessThan(5_000);
  });
});

describe('maskNumber', () => {
  it.each([
    ['4915112345123', '49151•••123'],
    ['+49 151 12345123', '+49151•••123'],
    ['15551234567', '1555•••567'],
    ['1234567', '1•••67'],
    ['123', '•••'],
    ['', '•••'],
  ])('maskNumber writes %s as %s', (number, masked) => {
    expect(maskNumber(number)).toBe(masked);
  });

  it('maskNumber always hides at least four digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{7,15}$/), (number) => {
        expect(maskNumber(number).replace(/\D/g, '').length).toBeLessThanOrEqual(number.length - 4);
      }),
    );
  });
});

describe('maskText', () => {
  it.each([
    ['an address', 'to 4915112345123:7@s.whatsapp.net/3EB0', 'to 49151•••123:7@s.whatsapp.net/3EB0'],
    ['a LID', '123456789012345@lid', '12345•••345@lid'],
    ['an old group, named after who made it', '4915112345123-1412345678@g.us', '49151•••123-141•••678@g.us'],
    ['a bare number', 'owner 4915112345123.', 'owner 49151•••123.'],
    ['a number in an address of the web', '/send?phone=%2B4915112345123', '/send?phone=%2B49151•••123'],
    ['a number as people write it', 'call +1 (555) 123-4567 now', 'call +1555•••567 now'],
    ['the file of a ratchet', 'session-4915112345123.0.json', 'session-49151•••123.0.json'],
    [
      'the file of a mapping',
      'lid-mapping-4915112345123_reverse.json',
      'lid-mapping-49151•••123_reverse.json',
    ],
    ['a pairing code', 'enter ABCD-1234 there', 'enter ••• there'],
    ['a pairing code as it comes', 'code A1BCDEFG', 'code •••'],
    ['a password with an @', 'at wss://me:hunt@er2@gate.example/ws', 'at wss://•••@gate.example/ws'],
    [
      'a password in a query',
      'wss://gate.example/ws?password=hunter2&v=1',
      'wss://gate.example/ws?password=•••&v=1',
    ],
    ['the password of a proxy', 'via socks5://me:hunter2@10.0.0.1:1080', 'via socks5://•••@10.0.0.1:1080'],
    ['a bearer token', 'Authorization: Bearer abc.def', 'Authorization: Bearer •••'],
    ['a token in an address', 'GET /?token=abc&x=1', 'GET /?token=•••&x=1'],
    [
      'what V8 quotes of bad JSON',
      `Unexpected token 'p', ..."priv":\n"abcd" is not valid JSON`,
      'the text is not valid JSON',
    ],
    ['a key in base64', `key ${'aB3+'.repeat(10)}aQ8=`, 'key •••'],
    ['a key in hex', `key ${'a1'.repeat(32)}`, 'key •••'],
  ])('maskText masks %s', (_, text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it.each([
    'Logged out. Run: rm -rf ./sessions',
    'in use by process 4194303 on box since 2025-11-24T01:40:00.000Z',
    'version 2.3000.1043857760',
    'message 3EB0123456789ABCDEF01',
    'connect ECONNREFUSED 127.0.0.1:54321',
    'at run (file:///home/Someone/projects/perennial-bot2/node_modules/Some-Package9/dist/index.js:12:34)',
    'status@broadcast',
    'code EALREADY',
  ])('maskText leaves alone: %s', (text) => {
    expect(maskText(text)).toBe(text);
  });

  // What grows with the square of the length takes minutes here.
  it('maskText is quick for any text', () => {
    for (const part of ['1', 'a1', '+1 ', '@', 'a@', '"', 'Unexpected token ', 'http://', 'Aa1/']) {
      const startedMs = performance.now();
      maskText(part.repeat(100_000));
      expect(performance.now() - startedMs, part).toBeLessThan(5_000);
    }
  });

  it('maskText leaves no number in a text, and a second call changes nothing', () => {
    const number = fc.stringMatching(/^[1-9][0-9]{7,14}$/);
    const frame = fc.constantFrom(
      ['', ''],
      ['(', ')'],
      ['+', ' '],
      ['x-', '.1'],
      ['', '@lid'],
      ['', ':3@s.whatsapp.net'],
    );
    fc.assert(
      fc.property(number, frame, (digits, [before, after]) => {
        const masked = maskText(`to ${before}${digits}${after}`);
        expect(masked).not.toContain(digits);
        expect(maskText(masked)).toBe(masked);
      }),
    );
  });

  it('maskText masks an address that is the whole text', () => {
    expect(maskJid('4915112345123@s.whatsapp.net')).toBe('49151•••123@s.whatsapp.net');
    expect(maskJid('4915112345123')).toBe('49151•••123');
  });
});

describe('redaction', () => {
  it('the logger prints a path as it is, and hides the values that it was told to hide', () => {
    const { log, output } = recorded({ keep: ['./sessions/4915112345123'], hide: ['hunter2', 'e', ''] });
    log.error(
      { token: 'hunter2', seen: 'hunter2' },
      'Run: rm -rf ./sessions/4915112345123 (4915112345123, hunter2)',
    );
    expect(output()).toContain('rm -rf ./sessions/4915112345123 (49151•••123, •••)');
    expect(output()).not.toContain('hunter2');
  });

  it.each(['wss://anna:hunter%2F22@gate.example/ws', 'ws://hunter%2F22@gate.example'])(
    'the logger hides user and password of %s wherever they are repeated, as written and decoded',
    (url) => {
      const { log, output } = recorded({ hide: credentialsIn(url) });
      log.info({ url, err: new Error('hunter%2F22 was refused') }, 'login as hunter/22');
      expect(output()).not.toMatch(/hunter/);
      expect(credentialsIn('wss://web.whatsapp.com/ws/chat')).toEqual([]);
    },
  );

  it('the logger does not take a number for a path', () => {
    const { log, output } = recorded({ keep: ['4915112345123'] });
    log.info('4915112345123');
    expect(output()).toContain('49151•••123');
  });

  it.each([
    ['a field', (secret: string) => ({ token: secret })],
    [
      'a field with another spelling',
      (secret: string) => ({ HTTP_TOKEN: secret, signed_pre_key: { a: secret } }),
    ],
    [
      'message text',
      (secret: string) => ({ text: secret, message: { conversation: secret }, caption: secret }),
    ],
    [
      'bytes',
      (secret: string) => ({
        a: Buffer.from(secret),
        b: [...Buffer.from(secret)],
        c: new Uint8Array(Buffer.from(secret)),
      }),
    ],
    [
      'bytes that went through JSON',
      (secret: string) => ({
        a: JSON.parse(JSON.stringify({ b: Buffer.from(secret) })),
        b: JSON.parse(JSON.stringify(new Uint8Array(Buffer.from(secret)))),
      }),
    ],
    ['maps and sets', (secret: string) => ({ a: new Map([[secret, secret]]), b: new Set([secret]) })],
    [
      'what hangs on an error',
      (secret: string) => Object.assign(new Error('x'), { data: secret, payload: { secret } }),
    ],
    ['a pairing code', () => ({ code: 'ABCDEFGH' })],
  ])('the logger hides %s', (_, factsWith) => {
    const secret = randomBytes(32).toString('base64');
    const { log, output } = recorded();
    log.info(factsWith(secret), 'hello');
    log.child({ outer: factsWith(secret) }).info('hello');
    log.info({ deep: [{ er: { err: factsWith(secret) } }] }, 'hello');
    expect(output()).not.toContain(secret);
    expect(output()).not.toContain(Buffer.from(secret).toString('base64'));
    expect(output().replace(/"\d+":/g, '')).not.toContain([...Buffer.from(secret)].slice(0, 8).join(','));
    expect(output()).not.toContain('ABCDEFGH');
    expect(output().match(/hello/g)).toHaveLength(3);
  });

  it('the logger masks numbers in texts, facts, names of facts, children and formats', () => {
    const { log, output } = recorded();
    const jid = '4915112345123@s.whatsapp.net';
    log.info({ jid, list: [jid], [jid]: 1, url: new URL('http://x/4915112345123') }, `to ${jid}`);
    log.child({ chat: jid }).info('to %s', jid);
    log.error(new Error(`no ${jid}`));
    log.error(Object.assign(new Error('no'), { name: `No ${jid}`, code: jid }));
    expect(output()).not.toContain('4915112345123');
    expect(output()).toContain('49151•••123');
  });

  it('the logger prints counts, also of secret things', () => {
    const { log, last } = recorded();
    log.info({ preKeys: 812, hasCreds: true, code: 'ENOSPC', waitedMs: 1234567890123 }, 'opened');
    expect(last()).toMatchObject({ preKeys: 812, hasCreds: true, code: 'ENOSPC', waitedMs: 1234567890123 });
  });
});

describe('baileysLogger', () => {
  const secret = 'hello my friend';

  it('the logger for Baileys passes no object on, at any level', () => {
    const { log, output } = recorded();
    const logger = baileysLogger(log);
    const facts = {
      node: { content: secret },
      msg: { conversation: secret },
      key: { id: secret },
      xml: secret,
      name: secret,
    };
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) {
      logger[level](facts, 'recv');
      logger.child({ class: 'x', secret })[level](facts);
      logger[level]({ err: Object.assign(new Error('bad mac'), { data: secret, stack: secret }) }, 'failed');
      logger[level]({ error: { message: secret }, id: `${secret} 1`, tag: Buffer.from(secret) }, 'failed');
    }
    logger.info('offline preview received', secret);
    expect(output()).not.toContain('friend');
    expect(output().match(/recv/g)).toHaveLength(5);
  });

  it('the logger for Baileys keeps the few facts that help', () => {
    const { log, last } = recorded();
    const error = Object.assign(new Error('Bad MAC\nat line 2'), { output: { statusCode: 401 } });
    const facts = { err: error, msgId: '3EB0AA', count: 3, jid: '4915112345123@s.whatsapp.net', other: 1 };
    baileysLogger(log).error(facts, 'failed for 4915112345123');
    expect(last()).toEqual({
      level: 'debug',
      time: expect.any(String),
      error: 'Bad MAC',
      statusCode: 401,
      msgId: '3EB0AA',
      count: 3,
      jid: '49151•••123@s.whatsapp.net',
      msg: 'Baileys: failed for 49151•••123',
    });
  });

  it.each([
    ['trace', 'trace'],
    ['debug', 'trace'],
    ['info', 'debug'],
    ['warn', 'debug'],
    ['error', 'debug'],
  ] as const)('a line of Baileys at %s is logged at %s', (theirs, ours) => {
    const { log, last } = recorded();
    baileysLogger(log)[theirs]('connected');
    expect(last().level).toBe(ours);
  });

  it('the logger for Baileys is silent at info, except for restrictions of the account', () => {
    const { log, output } = recorded({ level: 'info' });
    baileysLogger(log).error({ err: new Error('x') }, 'stream errored out');
    expect(output()).toBe('');
    baileysLogger(log).warn(
      { msgId: '3EB0' },
      'error 463: account restricted or missing tctoken for contact',
    );
    expect(output()).toContain('"level":"warn"');
  });

  it.each(['trace', 'debug', 'info', 'silent'] as const)(
    'at the level %s Baileys is never asked to write stanzas as XML',
    (level) => {
      const logger = baileysLogger(recorded({ level }).log);
      logger.level = 'trace';
      expect(['trace', 'debug']).not.toContain(logger.level);
      expect(logger.child({})).toMatchObject({ level: logger.level });
    },
  );
});

describe('guardConsole', () => {
  it('the console guard logs a fixed sentence in place of what a library prints', () => {
    const { log, output } = recorded();
    const restore = guardConsole(log);
    try {
      console.info('Closing session:', { privKey: Buffer.from('secret') });
      console.error('Session error:Error: Bad MAC secret', 'secret stack');
      console.warn('a secret', 'secret');
      console.dir({ a: 'secret' });
      console.table([{ a: 'secret' }]);
      console.trace('secret');
      console.assert(true, 'secret');
      console.assert(false, 'secret');
    } finally {
      restore();
    }
    const lines = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(output()).not.toContain('secret');
    expect(lines.every(({ level }) => level === 'debug')).toBe(true);
    expect(lines.map(({ msg, arguments: count }) => `${msg} ${count}`)).toEqual([
      'libsignal: Closing session: 2',
      'libsignal: Session error: 2',
      'a library wrote to the console 2',
      'a library wrote to the console 1',
      'a library wrote to the console 1',
      'a library wrote to the console 1',
      'a library wrote to the console 2',
    ]);
  });

  it('the console guard logs what a command prints, masked, with the name of the command, at the level of the method', () => {
    const { log, output } = recorded({ level: 'debug' });
    const restore = guardConsole(log);
    try {
      runningHandler.run({ kind: 'command', name: 'roll' }, () => {
        console.log('rolled %d for', 6, { number: '+15551234567' });
        console.warn('odd');
        console.error(new Error('bad'));
        console.assert(true, 'not shown');
      });
    } finally {
      restore();
    }
    const lines = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ level, command }) => [level, command])).toEqual([
      ['info', 'roll'],
      ['warn', 'roll'],
      ['error', 'roll'],
    ]);
    expect(lines[0].msg).toBe("rolled 6 for { number: '+1555•••567' }");
    expect(lines[2].msg).toContain('Error: bad');
  });

  it('the console guard hides what a library prints while a command calls it', () => {
    const stack = (file: string) =>
      `Error\n    at print (${file}:1:2)\n    at run (file:///bot/commands/roll.js:3:4)`;
    const own = '/app/dist/';
    for (const file of [
      '/app/node_modules/libsignal/src/session_record.js',
      'file:///app/node_modules/libsignal/src/session_record.js',
      'file:///app/dist/chunks/main-ABC.js',
      '/app/dist/whatsapp/client.js',
    ])
      expect(isAuthorsCode(stack(file), own), file).toBe(false);
    for (const file of [
      'file:///app/dist/commands/a.js?v=2',
      '/app/dist/listeners/b.js',
      'file:///bot/c%20d.ts',
    ])
      expect(isAuthorsCode(stack(file), own), file).toBe(true);
    expect(isAuthorsCode('Error\n    at new Promise (<anonymous>)', own)).toBe(false);
  });

  it('the console guard restores the console', () => {
    const before = { ...console };
    guardConsole(recorded().log)();
    expect({ ...console }).toEqual(before);
  });
});

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('createSink', () => {
  it('the sink writes the rest after a short write', () => {
    let out = '';
    createSink(1, (_, bytes) => {
      out += Buffer.from(bytes.subarray(0, 3)).toString();
      return Math.min(3, bytes.length);
    }).write('hello world');
    expect(out).toBe('hello world');
  });

  it('the sink keeps the order if the reader is slow, and writes everything at the end', () => {
    let out = '';
    let turn = 0;
    const sink = createSink(1, (_, bytes) => {
      turn += 1;
      if (turn % 3 !== 0) throw failing('EAGAIN');
      out += Buffer.from(bytes).toString();
      return bytes.length;
    });
    for (let line = 0; line < 5; line++) sink.write(`${line}\n`);
    sink.flushSync();
    expect(out).toBe('0\n1\n2\n3\n4\n');
  });

  it('if nobody reads the log, the sink neither waits for ever nor fills the memory', () => {
    let isStuck = true;
    let out = '';
    const sink = createSink(1, (_, bytes) => {
      if (isStuck) throw failing('EAGAIN');
      out += Buffer.from(bytes).toString();
      return bytes.length;
    });
    for (let line = 0; line < 3_000; line++) sink.write(`${'x'.repeat(999)}\n`);
    const startedMs = performance.now();
    sink.flushSync(50);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    isStuck = false;
    sink.flushSync();
    expect(out.length).toBeLessThan(1_100_000);
    expect(out).toMatch(/\(dropped 1952 lines: the reader of the log was too slow\)\n$/);
  });

  it('the sink writes no more after its reader has closed the pipe', () => {
    let tries = 0;
    const sink = createSink(1, () => {
      tries += 1;
      throw failing('EPIPE');
    });
    sink.write('a');
    sink.write('b');
    expect(tries).toBe(1);
  });

  it('the sink writes again when a full disk has room again', () => {
    let isFull = true;
    let out = '';
    const sink = createSink(1, (_, bytes) => {
      if (isFull) throw failing('ENOSPC');
      out += Buffer.from(bytes).toString();
      return bytes.length;
    });
    sink.write('a');
    isFull = false;
    sink.write('b');
    expect(out).toBe('b');
  });
});

const MANY_LINES = `
  import { createLogger } from './src/logging/logger.ts';
  process.stdout.write('');
  const log = createLogger({ level: 'info', format: 'auto', isTerminal: false });
  for (let line = 0; line < 3000; line++) log.info({ line }, 'hello');
  process.exit(7);
`;

describe('the log of a process', () => {
  it.each([
    ['reads late, and that reader gets every line', 3000],
    ['leaves after the first bytes', undefined],
  ])(
    'a process that ends at once keeps its exit code if the reader of its log %s',
    { timeout: 60_000 },
    async (_, expected) => {
      const args = ['--import', 'tsx', '--input-type=module', '-e', MANY_LINES];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (chunk) => {
        out += String(chunk);
        if (expected === undefined) child.stdout.destroy();
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(7);
      if (expected !== undefined) expect(out.trim().split('\n')).toHaveLength(expected);
    },
  );
});
