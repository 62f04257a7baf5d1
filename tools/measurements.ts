/** The table of measurements in README: made from bench/RESULTS.md, so that both are of the same run. */
const BEGIN = '<!-- Made by `npm run docs` from bench/RESULTS.md. Run the bench to change it. -->';
const END = '<!-- End of the measurements. -->';

/** `markdown` with the ratios of `results` between its two marks. Throws if a mark is missing. */
export function withMeasurements(markdown: string, results: string): string {
  const [before, rest] = markdown.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error('README.md lacks a mark of the measurements');
  const [run = ''] = results.split('\n').filter((line) => /^\d{4}-\d\d-\d\d, on /.test(line));
  const rows = results
    .split('\n')
    .filter((line) => /^\| .*\*\*[\d.]+\*\*/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, what, , , , ratio, wanted]) => `| ${what} | ${ratio} | ${wanted} |`);
  const table = ['| what | ratio | wanted |', '|---|---|---|', ...rows].join('\n');
  return `${before}${BEGIN}\n\n${run.replace(/ `npm run bench.*/, '')}\n\n${table}\n\n${END}${after}`;
}
