import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { contradictions, readValues, SETTINGS, type SettingName, type Values } from './settings.ts';
import { type CamelCase, camelCase, type Settings, writtenSettings } from './settings-in-code.ts';

export interface HttpConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly token: string | undefined;
}

type HttpSetting = Extract<SettingName, `HTTP_${string}`>;

/**
 * All settings, deeply frozen: each setting under its name in camel case (`SETTINGS`
 * says what each one means), those of the status page together.
 */
export type Config = { readonly [N in Exclude<SettingName, HttpSetting> as CamelCase<N>]: Values[N] } & {
  /** Undefined if the status page is off. */
  readonly http: HttpConfig | undefined;
  /** Whether npm runs this process: its Ctrl+C then arrives twice. */
  readonly isUnderNpm: boolean;
  /** False if `NO_COLOR` is set (https://no-color.org) or the terminal is a dumb one. */
  readonly isColorAllowed: boolean;
  /** Sentences about settings that have no effect, to be logged at the start. */
  readonly warnings: readonly string[];
};

/**
 * Reads the settings: from `env`, then from the file at `dotenvPath` (no file is read if none is named, a missing one
 * is not an error), then the defaults. An empty value counts as unset. Other names are ignored; a name in the file that
 * looks like a misspelt setting becomes a warning. Throws `BAD_CONFIG` with every problem and every such name, one a
 * line.
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  options: { readonly dotenvPath?: string | undefined; readonly problems?: readonly string[] } = {},
): Config {
  const fromFile = readDotenv(options.dotenvPath);
  const { values, problems } = readValues({ ...fromFile, ...withoutEmpty(env) });
  problems.unshift(...(options.problems ?? []));
  problems.push(...contradictions(values));
  const misspelt = misspeltNames(Object.keys(fromFile));
  if (problems.length > 0) throw badConfig(problems, misspelt);
  return toConfig(values as Values, env, misspelt);
}

/** One sentence for each name that is almost the name of a setting. */
function misspeltNames(names: readonly string[]): string[] {
  const settings = Object.keys(SETTINGS);
  return names.flatMap((name) => {
    if (settings.includes(name)) return [];
    const meant = nearestWord(name, settings);
    return meant === undefined ? [] : [`${name} in .env is no setting, so it has no effect. Write ${meant}.`];
  });
}

/** Where the settings of a bot come from. */
export interface SettingSources {
  /** Set in code. They win over the others. Default none. */
  readonly settings?: Settings | undefined;
  /** An environment; `true` is that of this process. Default: none is read. */
  readonly env?: NodeJS.ProcessEnv | true | undefined;
  /** A file like `.env`, which need not exist. Default: none is read. */
  readonly dotenvPath?: string | undefined;
}

/** `loadConfig` for settings in code; `NO_COLOR` and `TERM` of this process count in any case. */
export function configFrom({ settings = {}, env = {}, dotenvPath }: SettingSources): Config {
  const { written, problems } = writtenSettings(settings);
  const { NO_COLOR, TERM } = process.env;
  const around = env === true ? process.env : { NO_COLOR, TERM, ...env };
  return loadConfig({ ...around, ...written }, { dotenvPath, problems });
}

/** `loadConfig` for this process: its environment, and `.env` in the folder it was started in. */
export function configFromProcess(): Config {
  return loadConfig(process.env, { dotenvPath: '.env' });
}

/** Whether the terminal shows escape codes as text. */
export const isDumbTerminal = (): boolean => process.env.TERM === 'dumb';

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

function badConfig(problems: readonly string[], misspelt: readonly string[]): AppError {
  const title = problems.length === 1 ? 'A setting has a value' : `${problems.length} settings have values`;
  const listed = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');
  const names = misspelt.length === 0 ? '' : `Names that are misspelt:\n${listed(misspelt)}`;
  return new AppError(
    'BAD_CONFIG',
    `${title} that cannot be used:\n${listed(problems)}${names}Correct this in the environment or in .env, and start again.`,
  );
}

function toConfig(values: Values, env: NodeJS.ProcessEnv, warnings: readonly string[]): Config {
  const fields = Object.entries(values)
    .filter(([name]) => !name.startsWith('HTTP_'))
    .map(([name, value]) => [camelCase(name), Object.freeze(value)]);
  const { HTTP_PORT: port, HTTP_HOST: host, HTTP_TOKEN: token } = values;
  return Object.freeze({
    ...(Object.fromEntries(fields) as Omit<Config, 'http'>),
    http: Object.freeze(port === undefined ? undefined : { host, port, token }),
    isUnderNpm: (env.npm_lifecycle_event ?? '') !== '',
    isColorAllowed: (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    warnings: Object.freeze(warnings),
  });
}
