/** The commands in the code of a README, in its order, each once. What follows `#` or joins two with `&&` is taken off. */
export function commandsOf(readme: string): string[] {
  const blocks = [...readme.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  const spans = [...readme.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, code = '']) => code,
  );
  const commands = [...blocks, ...spans]
    .flatMap((code) => code.split(/\n|&&/))
    .map((code) => code.replace(/\s#.*$/, '').trim())
    .filter((code) => /^(npm|npx|node|docker)\s/.test(code));
  return [...new Set(commands)];
}
