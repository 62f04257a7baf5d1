import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import type { WaVersion } from './setting-kinds.ts';
import { contradictions, readValues, type Values } from './settings.ts';

export interface HttpConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly token: string | undefined;
}

/** What the program was told to be. Frozen, to the last list. */
export interface Config {
  readonly sessionPath: string;
  readonly logLevel: Values['LOG_LEVEL'];
  readonly logFormat: Values['LOG_FORMAT'];
  readonly reconnectDelayMs: number;
  /** Never less than `reconnectDelayMs`. */
  readonly reconnectMaxDelayMs: number;
  /** Digits only, as all phone numbers here. */
  readonly pairingNumber: string | undefined;
  readonly ownerNumbers: readonly string[];
  readonly commandPrefix: string;
  readonly messageMaxAgeSeconds: number;
  /** 0 is no limit. */
  readonly sendsPerMinute: number;
  /** 0 is no limit. */
  readonly sendsPerChatPerMinute: number;
  readonly typingDelayMs: number;
  /** Undefined where it is off. */
  readonly http: HttpConfig | undefined;
  /** May hold a password: goes to no log. */
  readonly proxyUrl: string | undefined;
  /** Undefined takes the version that is built in. */
  readonly waVersion: WaVersion | undefined;
  readonly waWebsocketUrl: string;
  /** Whether npm runs us: its Ctrl+C then reaches us twice. */
  readonly isUnderNpm: boolean;
  /** False where `NO_COLOR` is set (https://no-color.org) or the terminal is a dumb one. */
  readonly isColorAllowed: boolean;
}

/**
 * Reads the settings: from `env`, then from the file at `dotenvPath` (no file is read where none is named, a
 * missing one is no error), then the defaults. An empty value counts as unset; other names are none of our
 * business. Throws `BAD_CONFIG` with every problem there is, one a line.
 */
export function loadConfig(env: NodeJS.ProcessEnv, options: { readonly dotenvPath?: string } = {}): Config {
  const written = { ...readDotenv(options.dotenvPath), ...withoutEmpty(env) };
  const { values, problems } = readValues(written);
  problems.push(...contradictions(values));
  if (problems.length > 0) throw badConfig(problems);
  return toConfig(values as Values, env);
}

/** `loadConfig` for this process: its environment, and `.env` in the folder it was started in. */
export function configFromProcess(): Config {
  return loadConfig(process.env, { dotenvPath: '.env' });
}

function withoutEmpty(variables: NodeJS.ProcessEnv): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [name, text] of Object.entries(variables)) {
    if (text !== undefined && text.trim() !== '') filled[name] = text;
  }
  return filled;
}

function readDotenv(dotenvPath: string | undefined): Record<string, string> {
  if (dotenvPath === undefined) return {};
  try {
    return withoutEmpty(parse(readFileSync(dotenvPath)));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw new AppError(
      'BAD_CONFIG',
      `${dotenvPath} cannot be read: ${messageOf(error)}. Make it readable, or remove it.`,
      { cause: error },
    );
  }
}

function badConfig(problems: readonly string[]): AppError {
  const title = problems.length === 1 ? 'A setting has a value' : `${problems.length} settings have values`;
  const list = problems.map((problem) => `  ${problem}`).join('\n');
  return new AppError(
    'BAD_CONFIG',
    `${title} that cannot be used:\n${list}\nCorrect this in the environment or in .env, and start again.`,
  );
}

function toConfig(values: Values, env: NodeJS.ProcessEnv): Config {
  const http =
    values.HTTP_PORT === undefined
      ? undefined
      : { host: values.HTTP_HOST, port: values.HTTP_PORT, token: values.HTTP_TOKEN };
  return Object.freeze({
    sessionPath: values.SESSION_PATH,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    reconnectDelayMs: values.RECONNECT_DELAY_MS,
    reconnectMaxDelayMs: values.RECONNECT_MAX_DELAY_MS,
    pairingNumber: values.PAIRING_NUMBER,
    ownerNumbers: Object.freeze(values.OWNER_NUMBERS ?? []),
    commandPrefix: values.COMMAND_PREFIX,
    messageMaxAgeSeconds: values.MESSAGE_MAX_AGE_SECONDS,
    sendsPerMinute: values.SENDS_PER_MINUTE,
    sendsPerChatPerMinute: values.SENDS_PER_CHAT_PER_MINUTE,
    typingDelayMs: values.TYPING_DELAY_MS,
    http: Object.freeze(http),
    proxyUrl: values.PROXY_URL,
    waVersion: Object.freeze(values.WA_VERSION),
    waWebsocketUrl: values.WA_WEBSOCKET_URL,
    isUnderNpm: (env.npm_lifecycle_event ?? '') !== '',
    isColorAllowed: (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
  });
}
