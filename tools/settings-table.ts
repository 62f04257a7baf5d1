/** .env.example, and the table of settings in README: made from `SETTINGS`. */
import { SETTINGS } from '../src/config/settings.ts';
import { between } from './between.ts';

const BEGIN = '<!-- Made by `npm run docs` from src/config/settings.ts. Change it there. -->';
const END = '<!-- End of the settings. -->';

/** `markdown` with the table between its two marks. Throws if a mark is missing. */
export function withSettings(markdown: string): string {
  const rows = Object.entries(SETTINGS).map(([name, { byDefault, meaning }]) => {
    const builtIn = meaning.endsWith('empty is built in.') ? 'built in ' : '';
    const shown = byDefault === '' ? builtIn : `\`${byDefault}\` `;
    return `| \`${name}\` | ${shown}| ${meaning} |`;
  });
  const table = ['| name | default | meaning |', '|---|---|---|', ...rows].join('\n');
  return between(markdown, BEGIN, END, table);
}

/** The text of .env.example. */
export function settingsExample(): string {
  const head = [
    '# Copy this file to .env and change what you need. Everything is optional: each line below is the default.',
    '# The environment wins over .env.',
  ];
  const blocks = Object.entries(SETTINGS).map(
    ([name, { byDefault, meaning }]) => `\n# ${meaning}\n${name}=${byDefault}`,
  );
  return `${[...head, ...blocks].join('\n')}\n`;
}
