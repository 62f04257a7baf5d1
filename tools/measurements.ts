/** The figures in README: made from bench/RESULTS.md and bench/AUTH-STATE.md, so that they are of the same run. */
import { between } from './between.ts';

const BEGIN = '<!-- Made by `npm run docs` from bench/RESULTS.md. Run the bench to change it. -->';
const END = '<!-- End of the measurements. -->';

/** `markdown` with the ratios of `results` between its two marks. Throws if a mark is missing. */
export function withMeasurements(markdown: string, results: string): string {
  const [run = ''] = results.split('\n').filter((line) => /^\d{4}-\d\d-\d\d, on /.test(line));
  const rows = results
    .split('\n')
    .filter((line) => /^\| .*\*\*[\d.]+\*\*/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, what, , , , ratio, wanted]) => `| ${what} | ${ratio} | ${wanted} |`);
  const table = ['| what | ratio | wanted |', '|---|---|---|', ...rows].join('\n');
  return between(markdown, BEGIN, END, `${run.replace(/ `npm run bench.*/, '')}\n\n${table}`);
}

const COLUMNS_BEGIN =
  '<!-- Made by `npm run docs` from bench/AUTH-STATE.md. Run the torture to change it. -->';
const COLUMNS_END = '<!-- End of the three columns. -->';

/** `markdown` with the run and the three columns of `columns`, without its title. Throws if a mark is missing. */
export function withColumns(markdown: string, columns: string): string {
  const text = columns.replace(/^# .*\n+/, '').trim();
  return between(markdown, COLUMNS_BEGIN, COLUMNS_END, text);
}
