import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../../core/errors.ts';

const CHECK_MS = 10_000;

/** Why a file could not be loaded: the message of the error, with file and line if it is about the syntax. */
export async function problemOf(error: unknown, path: string): Promise<string> {
  const message = messageOf(error);
  if (!(error instanceof SyntaxError)) return message;
  const place = placeOf(error.stack) ?? placeOf(await printedByCheck(path));
  return place === undefined ? message : `${place}: ${message}`;
}

/** Node.js puts `FILE:LINE` on top, but not on the stack of an error of the parser in an ES module. */
function placeOf(text: string | undefined): string | undefined {
  const [first = ''] = text?.split('\n', 1) ?? [];
  return /^(?:file:|[\\/]|[A-Za-z]:).*:\d+$/.test(first) ? first.replace(/\?v=\d+(?=:\d+$)/, '') : undefined;
}

/** What `node --check` prints about the file: it names the line of each kind of module. */
async function printedByCheck(path: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(process.execPath, ['--check', path], { timeout: CHECK_MS });
    return undefined;
  } catch (error) {
    const { stderr } = Object(error) as { stderr?: unknown };
    return typeof stderr === 'string' ? stderr : undefined;
  }
}
