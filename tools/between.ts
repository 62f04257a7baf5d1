/** `markdown` with `text` between the marks `begin` and `end`. Throws if a mark is missing. */
export function between(markdown: string, begin: string, end: string, text: string): string {
  const [before, rest] = markdown.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`a mark is missing: ${begin} or ${end}`);
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}
