import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { programVersion } from '../config/program-options.ts';
import { readOptions } from '../config/read-options.ts';
import { AppError, messageOf, shellWord } from '../core/errors.ts';
import { projectFiles } from './project-files.ts';

const USAGE = 'Usage: perennial init FOLDER [--js]';

/** `perennial init FOLDER [--js]`: writes the files of a new project. A file that is there already is never changed. */
export async function initProject(args: readonly string[]): Promise<void> {
  const reading = readOptions(args, { js: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } });
  if ('problem' in reading) throw new AppError('BAD_ARGUMENTS', `${reading.problem}\n\n${USAGE}`);
  const { values, words } = reading;
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [name, ...more] = words;
  if (name === undefined || more.length > 0)
    throw new AppError('BAD_ARGUMENTS', `Name one folder.\n\n${USAGE}`);
  const folder = resolve(name);
  if (!(await mayWrite(folder))) {
    process.exitCode = 1;
    return;
  }
  const files = projectFiles({
    name: basename(folder),
    isJavaScript: values.js === true,
    version: programVersion(),
  });
  for (const [path, text] of Object.entries(files)) writeNew(join(folder, path), text);
  const there = `cd ${shellWord(name)} && npm install`;
  process.stdout.write(`The project is in ${folder}.\n\n  ${there}\n  npm test\n  npm start\n`);
}

/** Asks the person if the folder is not empty. Throws `BAD_ARGUMENTS` if there is no terminal to ask on. */
async function mayWrite(folder: string): Promise<boolean> {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return true;
  if (!process.stdin.isTTY)
    throw new AppError('BAD_ARGUMENTS', `${folder} is not empty. Name another folder.`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`${folder} is not empty. Write the missing files there? (y/N) `);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}

function writeNew(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    const sentence = `Could not write ${path}: ${messageOf(error)}. Make the folder writable, or name another one.`;
    throw new AppError('BAD_ARGUMENTS', sentence, { cause: error });
  }
}
