import * as value from './setting-kinds.ts';

interface Setting<D extends string, T> extends value.Kind<T> {
  /** As it would be written; empty if there is none. */
  readonly byDefault: D;
  /** A sentence for .env.example and README. */
  readonly meaning: string;
}

function setting<const D extends string, T>(
  byDefault: D,
  kind: value.Kind<T>,
  meaning: string,
): Setting<D, T> {
  return { byDefault, meaning, ...kind };
}

/**
 * All settings: this is the one place with their names, defaults and meanings. `npm run docs` writes .env.example
 * and the table in README from it, and `Config` has its values.
 */
export const SETTINGS = {
  SESSION_PATH: setting('./sessions', value.path, 'The session folder: one bot, one folder.'),
  LOG_LEVEL: setting(
    'info',
    value.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'How much is logged: trace, debug, info, warn, error, fatal or silent.',
  ),
  LOG_FORMAT: setting(
    'auto',
    value.oneOf('auto', 'pretty', 'json'),
    'auto is readable on a terminal and one JSON object a line elsewhere; or pretty, or json.',
  ),
  RECONNECT_DELAY_MS: setting('5000', value.whole(1, 86_400_000), 'Milliseconds to wait before a reconnect.'),
  RECONNECT_MAX_DELAY_MS: setting(
    '300000',
    value.whole(1, 86_400_000),
    'Milliseconds that this wait grows to when reconnects keep failing.',
  ),
  PAIRING_NUMBER: setting(
    '',
    value.phoneNumber,
    'Phone number of the account, as WhatsApp shows it in the profile: pairs with an eight-character code instead of a QR code.',
  ),
  OWNER_NUMBERS: setting(
    '',
    value.phoneNumbers,
    'Phone numbers of the owners, with commas between them; the linked account is always one.',
  ),
  MAY_WRITE_TO: setting(
    '',
    value.addresses,
    'Phone numbers and JIDs of groups that the bot may write to before they have written, with commas between them.',
  ),
  MARK_READ: setting(
    'false',
    value.yesOrNo,
    'true shows senders that the bot has read the messages that it answers: blue ticks.',
  ),
  DECLINE_CALLS: setting(
    '',
    value.sentence,
    'A sentence for people who call: the call is declined, and they get the sentence. Empty lets it ring.',
  ),
  COMMAND_PREFIX: setting('!', value.prefix, 'What a command starts with (put # in quotes).'),
  WITHOUT_COMMANDS: setting(
    '',
    value.commandNames,
    'Built-in commands that the bot must not have, with commas between them; all leaves out every one.',
  ),
  MIDDLEWARE: setting(
    '',
    value.paths,
    'Files and folders of middleware, with commas between them: steps that run around every command, listener and schedule.',
  ),
  MESSAGE_MAX_AGE_SECONDS: setting(
    '600',
    value.whole(0, 31_536_000),
    'Messages that waited for longer than this many seconds are not answered.',
  ),
  SENDS_PER_MINUTE: setting(
    '120',
    value.whole(0, 100_000),
    'Messages a minute, all chats together; 0 is no limit.',
  ),
  SENDS_PER_CHAT_PER_MINUTE: setting(
    '30',
    value.whole(0, 100_000),
    'Messages a minute in one chat; 0 is no limit.',
  ),
  TYPING_DELAY_MS: setting(
    '500',
    value.whole(0, 60_000),
    'Milliseconds that the bot shows "typing" before it answers; 0 shows nothing.',
  ),
  HTTP_PORT: setting(
    '',
    value.whole(0, 65_535, 'a port (0 takes any free one)'),
    'Port of the status page, health and metrics; empty is off.',
  ),
  HTTP_HOST: setting(
    '127.0.0.1',
    value.host,
    'Address that the status page listens on; any but loopback needs HTTP_TOKEN.',
  ),
  HTTP_TOKEN: setting('', value.token, 'Password that callers of the status page must send.'),
  SHOW_ONLINE: setting(
    'false',
    value.yesOrNo,
    'true makes the account appear online while the bot runs; the phone of the account then does not ring.',
  ),
  PROXY_URL: setting('', value.proxyUrl, 'http, https or socks5 proxy for the connection and for media.'),
  WA_VERSION: setting(
    '',
    value.waVersion,
    'Version of WhatsApp Web to speak, e.g. 2.3000.1043857760; empty is built in.',
  ),
  WA_WEBSOCKET_URL: setting('wss://web.whatsapp.com/ws/chat', value.websocketUrl, 'Address of WhatsApp.'),
  WA_ROOT_KEY: setting(
    '',
    value.publicKey,
    'Public root key, in base64, of the server at WA_WEBSOCKET_URL; empty is that of WhatsApp.',
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** What each setting was read as; undefined only if it has no default. A list without entries is empty. */
export type Values = {
  readonly [N in SettingName]: (typeof SETTINGS)[N] extends Setting<infer D, infer T>
    ?
        | T
        | (D extends ''
            ? T extends readonly unknown[]
              ? number extends T['length']
                ? never
                : undefined
              : undefined
            : never)
    : never;
};

/** Reads every setting from `written`, or its default: the values that are good, and a line for each that is not. */
export function readValues(written: Readonly<Record<string, string>>): {
  values: Partial<Values>;
  problems: string[];
} {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { byDefault, ...kind }] of Object.entries(SETTINGS)) {
    const text = (written[name] ?? byDefault).trim();
    const value = text === '' ? kind.whenUnset : kind.read(text);
    if (text === '' || value !== undefined) values[name] = value;
    else problems.push(problemOf(name, text, kind));
  }
  return { values: values as Partial<Values>, problems };
}

/** A text that may hold a password or a number is not repeated: any setting may have an address with a user in it. */
function problemOf(name: string, text: string, { mayBe, isPrivate, faultsIn }: value.Kind<unknown>): string {
  const [fault, ...more] = faultsIn?.(text) ?? [];
  if (more.length > 0) return `${name}: ${[fault, ...more].join(', ')} must each be ${mayBe}`;
  if (fault !== undefined) return `${name}: ${fault} must be ${mayBe}`;
  if (isPrivate || text.includes('@')) return `${name} must be ${mayBe}`;
  return `${name} is ${JSON.stringify(text.slice(0, 80))}, but must be ${mayBe}`;
}

/** A shorter token can be guessed within hours. */
const LEAST_TOKEN_LENGTH = 6;

/** What is wrong between settings that are each valid. */
export function contradictions(values: Partial<Values>): string[] {
  const { RECONNECT_DELAY_MS: delayMs, RECONNECT_MAX_DELAY_MS: maxDelayMs, HTTP_HOST: host } = values;
  const problems: string[] = [];
  if (delayMs !== undefined && maxDelayMs !== undefined && maxDelayMs < delayMs) {
    problems.push(
      `RECONNECT_MAX_DELAY_MS is ${maxDelayMs}, but must be at least RECONNECT_DELAY_MS (${delayMs})`,
    );
  }
  // A token that is there but bad has been reported already.
  if (host === undefined || value.isLoopback(host) || !('HTTP_TOKEN' in values)) return problems;
  const because = `because HTTP_HOST is "${host}": other machines can reach it`;
  if (values.HTTP_TOKEN === undefined) problems.push(`HTTP_TOKEN must be set, ${because}`);
  else if (values.HTTP_TOKEN.length < LEAST_TOKEN_LENGTH)
    problems.push(`HTTP_TOKEN must have at least ${LEAST_TOKEN_LENGTH} characters, ${because}`);
  return problems;
}
