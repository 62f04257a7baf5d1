import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../../../src/config/config.ts';
import { LEAST_NODE, nodeProblem } from '../../../src/config/node-version.ts';
import { isLoopback, readPhoneNumber } from '../../../src/config/setting-kinds.ts';
import { AppError } from '../../../src/core/errors.ts';

function refusal(env: NodeJS.ProcessEnv): AppError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('loadConfig', () => {
  it('without any setting every default is used', () => {
    expect(loadConfig({})).toEqual({
      sessionPath: './sessions',
      logLevel: 'info',
      logFormat: 'auto',
      reconnectDelayMs: 5000,
      reconnectMaxDelayMs: 300_000,
      pairingNumber: undefined,
      ownerNumbers: [],
      mayWriteTo: [],
      markRead: false,
      declineCalls: undefined,
      commandPrefix: '!',
      withoutCommands: [],
      middleware: [],
      messageMaxAgeSeconds: 600,
      sendsPerMinute: 120,
      sendsPerChatPerMinute: 30,
      typingDelayMs: 500,
      http: undefined,
      proxyUrl: undefined,
      waVersion: undefined,
      showOnline: false,
      waRootKey: undefined,
      waWebsocketUrl: 'wss://web.whatsapp.com/ws/chat',
      isUnderNpm: false,
      isColorAllowed: true,
      warnings: [],
    } satisfies Config);
  });

  const accepted: Array<[string, NodeJS.ProcessEnv, Partial<Config>]> = [
    [
      'an empty value counts as unset',
      { LOG_LEVEL: '', HTTP_PORT: ' ' },
      { logLevel: 'info', http: undefined },
    ],
    ['spaces around a value do no harm', { SESSION_PATH: ' ./a ' }, { sessionPath: './a' }],
    [
      'middleware is a list of paths',
      { MIDDLEWARE: '~/bot/steps, ./a.ts ,' },
      { middleware: [join(homedir(), 'bot/steps'), './a.ts'] },
    ],
    ['~ is the home folder', { SESSION_PATH: '~/bot' }, { sessionPath: join(homedir(), 'bot') }],
    [
      'words may be in capitals',
      { LOG_LEVEL: 'DEBUG', LOG_FORMAT: 'JSON' },
      { logLevel: 'debug', logFormat: 'json' },
    ],
    [
      'a pairing number is stored as digits',
      { PAIRING_NUMBER: '+1 (555) 123-4567' },
      { pairingNumber: '15551234567' },
    ],
    [
      'owners are separated by commas and counted once',
      { OWNER_NUMBERS: '+49 (0)151 1234567, 15551234567,,1-555-123-4567' },
      { ownerNumbers: ['491511234567', '15551234567'] },
    ],
    [
      'no limit is written 0',
      { SENDS_PER_MINUTE: '0', TYPING_DELAY_MS: '0' },
      { sendsPerMinute: 0, typingDelayMs: 0 },
    ],
    [
      'a port turns the page on, on loopback',
      { HTTP_PORT: '8080' },
      { http: { host: '127.0.0.1', port: 8080, token: undefined } },
    ],
    [
      'port 0 is any free port',
      { HTTP_PORT: '0' },
      { http: { host: '127.0.0.1', port: 0, token: undefined } },
    ],
    [
      'any host is fine with a token',
      { HTTP_PORT: '80', HTTP_HOST: '0.0.0.0', HTTP_TOKEN: 's3cret' },
      { http: { host: '0.0.0.0', port: 80, token: 's3cret' } },
    ],
    [
      'IPv6 may be in brackets',
      { HTTP_PORT: '80', HTTP_HOST: '[::1]' },
      { http: { host: '::1', port: 80, token: undefined } },
    ],
    [
      'a proxy may need a password',
      { PROXY_URL: 'socks5://me:pw@10.0.0.1:1080' },
      { proxyUrl: 'socks5://me:pw@10.0.0.1:1080' },
    ],
    [
      'a version has three numbers',
      { WA_VERSION: '2.3000.1043857760' },
      { waVersion: [2, 3000, 1043857760] },
    ],
    [
      'the simulator has a plain socket',
      { WA_WEBSOCKET_URL: 'ws://127.0.0.1:9/ws' },
      { waWebsocketUrl: 'ws://127.0.0.1:9/ws' },
    ],
    ['npm says that it runs us', { npm_lifecycle_event: 'start' }, { isUnderNpm: true }],
    ['NO_COLOR is respected', { NO_COLOR: '1' }, { isColorAllowed: false }],
    ['a dumb terminal has no color', { TERM: 'dumb' }, { isColorAllowed: false }],
    ['a variable that is no setting is ignored', { SESION_PATH: 'x' }, { sessionPath: './sessions' }],
  ];
  it.each(accepted)('a setting is accepted: %s', (_, env, expected) => {
    expect(loadConfig(env)).toMatchObject(expected);
  });

  const refused: Array<[string, NodeJS.ProcessEnv, RegExp]> = [
    ['a path that no system has', { SESSION_PATH: 'a\0b' }, /SESSION_PATH .*must be the path of a folder/],
    ['an unknown level', { LOG_LEVEL: 'loud' }, /LOG_LEVEL is "loud", but must be one of trace, debug, info/],
    ['an unknown format', { LOG_FORMAT: 'xml' }, /LOG_FORMAT is "xml".* auto, pretty, json/],
    [
      'no wait at all',
      { RECONNECT_DELAY_MS: '0' },
      /RECONNECT_DELAY_MS is "0", but must be a whole number from 1/,
    ],
    ['a number with a unit', { RECONNECT_DELAY_MS: '5s' }, /RECONNECT_DELAY_MS/],
    ['half a number', { TYPING_DELAY_MS: '0.5' }, /TYPING_DELAY_MS/],
    ['a negative number', { MESSAGE_MAX_AGE_SECONDS: '-1' }, /MESSAGE_MAX_AGE_SECONDS/],
    ['a hexadecimal number', { SENDS_PER_MINUTE: '0x10' }, /SENDS_PER_MINUTE/],
    [
      'a wait that shrinks',
      { RECONNECT_MAX_DELAY_MS: '4999' },
      /RECONNECT_MAX_DELAY_MS .*at least RECONNECT_DELAY_MS \(5000\)/,
    ],
    ['a prefix with a space', { COMMAND_PREFIX: 'hey bot' }, /COMMAND_PREFIX/],
    ['a port that is too large', { HTTP_PORT: '65536' }, /HTTP_PORT is "65536", but must be a port .* 65535/],
    ['a URL in place of a host', { HTTP_HOST: 'http://x' }, /HTTP_HOST is .* must be an IP/],
    ['an address with a part too large', { HTTP_HOST: '127.0.0.256' }, /HTTP_HOST is .* must be an IP/],
    [
      'a host that others reach, without a token',
      { HTTP_HOST: '0.0.0.0' },
      /HTTP_TOKEN must be set, because HTTP_HOST is "0.0.0.0"/,
    ],
    ['a token that is too short', { HTTP_HOST: '::', HTTP_TOKEN: 'abcde' }, /at least 6 characters/],
    [
      'an IPv6 host that others reach, without a token',
      { HTTP_HOST: '::', HTTP_PORT: '80' },
      /HTTP_TOKEN must be set/,
    ],
    ['a proxy of an unknown kind', { PROXY_URL: 'ftp://x' }, /PROXY_URL must be a URL .*socks5/],
    ['a proxy with no host', { PROXY_URL: 'socks5://' }, /PROXY_URL/],
    ['a proxy that is no URL', { PROXY_URL: 'localhost' }, /PROXY_URL/],
    [
      'a version with two numbers',
      { WA_VERSION: '2.3000' },
      /WA_VERSION is "2.3000", but must be three numbers/,
    ],
    [
      'a socket that is a page',
      { WA_WEBSOCKET_URL: 'https://web.whatsapp.com' },
      /WA_WEBSOCKET_URL .*ws:\/\/ or wss:/,
    ],
  ];
  it.each(refused)('a setting is refused: %s', (_, env, words) => {
    const error = refusal(env);
    expect(error.code).toBe('BAD_CONFIG');
    expect(error.exitCode).toBe(78);
    expect(error.message).toMatch(words);
  });

  it('an error lists all wrong settings, one a line, contradictions too', () => {
    const { message } = refusal({
      LOG_LEVEL: 'loud',
      HTTP_PORT: 'x',
      PAIRING_NUMBER: '0151',
      HTTP_HOST: '::',
      RECONNECT_DELAY_MS: '9000',
      RECONNECT_MAX_DELAY_MS: '8000',
    });
    const lines = message.split('\n');
    expect(lines[0]).toMatch(/^5 /);
    expect(lines.slice(1, -1).map((line) => line.trim().split(' ')[0])).toEqual([
      'LOG_LEVEL',
      'PAIRING_NUMBER',
      'HTTP_PORT',
      'RECONNECT_MAX_DELAY_MS',
      'HTTP_TOKEN',
    ]);
    expect(lines.at(-1)).toMatch(/\.env/);
  });

  it('an error names a wrong token once', () => {
    expect(refusal({ HTTP_HOST: '::', HTTP_TOKEN: 'a b' }).message.match(/HTTP_TOKEN/g)).toHaveLength(1);
  });

  it.each([
    ['PAIRING_NUMBER', '0049 151 1234567'],
    ['OWNER_NUMBERS', '15551234567, 0155512'],
    ['PROXY_URL', 'ftp://me:hunter2@x'],
    ['HTTP_TOKEN', 'my secret'],
    ['WA_WEBSOCKET_URL', 'wss//maria:hunter22@example.org/ws'],
    ['HTTP_HOST', 'maria:hunter22@example'],
  ])('an error does not repeat a wrong %s', (name, text) => {
    for (const part of text.split(/[ ,@:]+/).filter((word) => word.length > 5)) {
      expect(refusal({ [name]: text }).message).not.toContain(part);
    }
  });

  it.each([
    [{ OWNER_NUMBERS: '15551234567, 0155512' }, 'OWNER_NUMBERS: entry 2 must be a phone number'],
    [{ OWNER_NUMBERS: 'x,15551234567' }, 'OWNER_NUMBERS: entry 1 must be a phone number'],
    [{ OWNER_NUMBERS: '15551234567,,15551234568, 12' }, 'OWNER_NUMBERS: entry 3 must be a phone number'],
    [{ MAY_WRITE_TO: 'x, 15551234567, y@g.u, z' }, 'MAY_WRITE_TO: entry 1, entry 3, entry 4 must each be a'],
  ])('an error names the wrong entry of a list by its place: %j', (env, words) => {
    expect(refusal(env).message).toContain(words);
  });

  it('the config cannot be changed', () => {
    const config = loadConfig({ HTTP_PORT: '1', WA_VERSION: '1.2.3', OWNER_NUMBERS: '15551234567' });
    for (const part of [config, config.http, config.waVersion, config.ownerNumbers]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('.env', () => {
  let folder: string;
  let dotenvPath: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-config-'));
    dotenvPath = join(folder, '.env');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('.env fills in what the environment leaves unset; the environment wins', () => {
    writeFileSync(
      dotenvPath,
      '\uFEFFLOG_LEVEL=debug\r\nSESSION_PATH="./a b" # here\r\nCOMMAND_PREFIX="#"\r\nTYPING_DELAY_MS=\r\n',
    );
    const config = loadConfig({ LOG_LEVEL: 'warn', SESSION_PATH: '' }, { dotenvPath });
    expect(config).toMatchObject({
      logLevel: 'warn',
      sessionPath: './a b',
      commandPrefix: '#',
      typingDelayMs: 500,
    });
  });

  it.each([
    ['OWNER_NUMBER', 'OWNER_NUMBERS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['log_level', 'LOG_LEVEL'],
    ['SESSION_PAHT', 'SESSION_PATH'],
    ['HTTP-PORT', 'HTTP_PORT'],
  ])('a misspelt %s is named with the right setting', (written, meant) => {
    writeFileSync(dotenvPath, `${written}=15551234567\n`);
    const { warnings } = loadConfig({}, { dotenvPath });
    expect(warnings).toEqual([`${written} in .env is no setting, so it has no effect. Write ${meant}.`]);
  });

  it('misspelt names are reported together with values that cannot be used', () => {
    writeFileSync(dotenvPath, 'OWNER_NUMBER=15551234567\nLOGLEVEL=debug\nHTTP_PORT=many\n');
    const names = /\n {2}HTTP_PORT .*\n.*\n {2}OWNER_NUMBER .*OWNER_NUMBERS\.\n {2}LOGLEVEL .*LOG_LEVEL\.\n/;
    expect(() => loadConfig({}, { dotenvPath })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(names) }),
    );
  });

  it('a variable whose name is like no setting is ignored', () => {
    writeFileSync(dotenvPath, 'OPENAI_API_KEY=x\nTZ=UTC\nPORT=1\nTOKEN=2\n');
    expect(loadConfig({}, { dotenvPath }).warnings).toEqual([]);
  });

  it('reading .env does not change the environment', () => {
    writeFileSync(dotenvPath, 'LOG_LEVEL=debug\n');
    const before = { ...process.env };
    loadConfig(process.env, { dotenvPath });
    expect(process.env).toEqual(before);
  });

  it('the file .env may be missing', () => {
    expect(loadConfig({}, { dotenvPath })).toEqual(loadConfig({}));
  });

  it('a .env that cannot be read is reported, not skipped', () => {
    const message = expect.stringMatching(new RegExp(`^${folder} .*EISDIR`));
    expect(() => loadConfig({}, { dotenvPath: folder })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message }),
    );
  });

  it('a name in .env does not decide whether npm runs the process', () => {
    writeFileSync(dotenvPath, 'npm_lifecycle_event=start\nNO_COLOR=1\n');
    expect(loadConfig({}, { dotenvPath })).toMatchObject({ isUnderNpm: false, isColorAllowed: true });
  });
});

describe('readPhoneNumber', () => {
  it.each([
    ['+1 (555) 123-4567', '15551234567'],
    ['1.555.123.4567', '15551234567'],
    ['+49 (0) 151 / 1234567', '491511234567'],
    ['\u202a+49\u00a0151\u20111234567\u202c', '491511234567'],
    ['6834000', '6834000'],
    ['123456', undefined],
    ['1234567890123456', undefined],
    ['0151 1234567', undefined],
    ['0049 151 1234567', undefined],
    ['+0 151 1234567', undefined],
    ['++49 151 1234567', undefined],
    ['49151O234567', undefined],
    ['4915112345@s.whatsapp.net', undefined],
    ['', undefined],
  ])('readPhoneNumber reads %j as %s', (text, digits) => {
    expect(readPhoneNumber(text)).toBe(digits);
  });

  it('readPhoneNumber gives back the digits, however they are spaced', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{6,14}$/);
    fc.assert(
      fc.property(
        digits,
        fc.infiniteStream(fc.constantFrom('', '', ' ', '-', '.', '\u00a0')),
        (number, gaps) => {
          const spaced = [...number].map((digit) => digit + gaps.next().value).join('');
          expect(readPhoneNumber(`+${spaced}`)).toBe(number);
        },
      ),
    );
  });

  it('readPhoneNumber gives 7 to 15 digits without a leading 0, or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readPhoneNumber(text) ?? '1234567').toMatch(/^[1-9]\d{6,14}$/);
      }),
    );
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['localhost', true],
    ['127.example.org', false],
    ['localhost.example.org', false],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.1', false],
  ])('whether %s is a loopback address: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

describe('the version of Node.js', () => {
  it.each([
    ['v18.20.8', true],
    ['v20.18.9', true],
    ['v20.19.0', false],
    ['v22.0.0', false],
    ['v26.1.0', false],
  ])('whether Node.js %s is too old: %s', (version, isOld) => {
    const problem = nodeProblem(version);
    expect(problem !== undefined).toBe(isOld);
    if (problem) expect(problem).toMatchObject({ code: 'BAD_CONFIG', exitCode: 78 });
  });

  it('the oldest version of Node.js is the one in package.json', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(engines.node).toBe(`>=${LEAST_NODE.join('.')}`);
  });
});
