import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { programVersion } from '../config/program-options.ts';
import { readOptions } from '../config/read-options.ts';
import { AppError, messageOf, shellWord, systemCode } from '../core/errors.ts';
import { projectFiles } from './project-files.ts';

const USAGE = 'Usage: perennial init FOLDER [--js]';

/** Asks the person, and resolves with the answer: empty after Ctrl+C, undefined without a terminal. */
export type Ask = (question: string) => Promise<string | undefined>;

/** `perennial init FOLDER [--js]`: writes the files of a new project. A file that is there already is never changed. */
export async function initProject(args: readonly string[], ask: Ask = askOnTerminal): Promise<void> {
  const reading = readOptions(args, { js: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } });
  if ('problem' in reading) throw new AppError('BAD_ARGUMENTS', `${reading.problem}\n\n${USAGE}`);
  const { values, words } = reading;
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [name, ...more] = words;
  if (!name || more.length > 0) throw new AppError('BAD_ARGUMENTS', `Name one folder.\n\n${USAGE}`);
  const folder = resolve(name);
  if (!(await mayWrite(folder, ask))) {
    process.stdout.write('Nothing was written.\n');
    process.exitCode = 1;
    return;
  }
  const isJavaScript = values.js === true;
  const files = projectFiles({ name: basename(folder), isJavaScript, version: programVersion() });
  const kept = Object.entries(files).filter(([path, text]) => !writeNew(join(folder, path), text));
  process.stdout.write(`The project is in ${folder}.\n`);
  if (kept.length > 0) process.stdout.write(sentenceOfKept(kept));
  process.stdout.write(`\n  cd ${shellWord(name)} && npm install\n  npm test\n  npm start\n`);
}

/** Without the packages and scripts of ours the project does not run. */
function sentenceOfKept(kept: ReadonlyArray<readonly [path: string, text: string]>): string {
  const list = `These files existed already and are not changed: ${kept.map(([path]) => path).join(', ')}.\n`;
  const packageJson = kept.find(([path]) => path === 'package.json')?.[1];
  if (packageJson === undefined) return list;
  const { scripts, dependencies, devDependencies } = JSON.parse(packageJson) as object &
    Record<string, object>;
  const needed = JSON.stringify({ type: 'module', scripts, dependencies, devDependencies }, null, 2);
  return `${list}The project needs this in package.json:\n${needed}\n`;
}

/** Asks the person if the folder is not empty. Throws `BAD_ARGUMENTS` if there is no terminal to ask on. */
async function mayWrite(folder: string, ask: Ask): Promise<boolean> {
  if (isEmpty(folder)) return true;
  const answer = await ask(`${folder} is not empty. Write the missing files there? (y/N) `);
  if (answer === undefined)
    throw new AppError('BAD_ARGUMENTS', `${folder} is not empty. Name another folder.`);
  return /^y(es)?$/i.test(answer.trim());
}

async function askOnTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await prompt.question(question);
  } catch {
    // Ctrl+C or Ctrl+D.
    process.stdout.write('\n');
    return '';
  } finally {
    prompt.close();
  }
}

/** A folder that does not exist is empty. */
function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw unwritable(folder, error);
  }
}

/** Whether the file was written: false if there is one already. */
function writeNew(path: string, text: string): boolean {
  if (existsSync(path)) return false;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    throw unwritable(path, error);
  }
}

const IN_THE_WAY = ['ENOTDIR', 'EEXIST'];

function unwritable(path: string, error: unknown): AppError {
  const sentence = IN_THE_WAY.includes(systemCode(error) ?? '')
    ? `Could not write ${path}: a file is in the place of a folder. Name another folder.`
    : `Could not write ${path}: ${messageOf(error)}. Make the folder writable, or name another one.`;
  return new AppError('BAD_ARGUMENTS', sentence, { cause: error });
}
