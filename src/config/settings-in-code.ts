import { nearestWord } from '../core/nearest-word.ts';
import { SETTINGS, type SettingName } from './settings.ts';

/** `SESSION_PATH` as `sessionPath`. */
export type CamelCase<N extends string> = N extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<N>;

/** A value as a program writes it; a list may be an array. `undefined` counts as unset. */
export type GivenSetting = string | number | boolean | readonly (string | number)[] | undefined;

/** Settings in code, by their name in the environment or in camel case: `SESSION_PATH` or `sessionPath`. */
export type Settings = { readonly [N in SettingName | CamelCase<SettingName>]?: GivenSetting };

/** `SESSION_PATH` → `sessionPath`. */
export const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** The settings as the environment would have them, and a line for each name that is no setting or is there twice. */
export function writtenSettings(settings: Settings): {
  readonly written: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
} {
  const names = Object.keys(SETTINGS);
  const written: Record<string, string> = {};
  const problems: string[] = [];
  for (const [given, value] of Object.entries(settings)) {
    const name = names.find((one) => one === given || camelCase(one) === given);
    if (name === undefined) problems.push(unknownName(given, names));
    else if (name in written) problems.push(`${name} is given twice`);
    else if (value !== undefined) written[name] = textOf(name, value);
  }
  return { written, problems };
}

function unknownName(given: string, names: readonly string[]): string {
  const meant = nearestWord(given, names);
  if (meant === undefined) return `${given} is no setting`;
  return `${given} is no setting; write ${/[a-z]/.test(given) ? camelCase(meant) : meant}`;
}

function textOf(name: string, value: Exclude<GivenSetting, undefined>): string {
  // A version is a list too, but with dots.
  return Array.isArray(value) ? value.join(name === 'WA_VERSION' ? '.' : ',') : String(value);
}
