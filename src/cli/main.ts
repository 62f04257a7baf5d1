#!/usr/bin/env node
/** The command `perennial`: reads its first word, and runs the file that does the work. */
import { existsSync } from 'node:fs';
import { nodeProblem } from '../config/node-version.ts';
import { programVersion } from '../config/program-options.ts';
import { isAppError } from '../core/errors.ts';
import { plainText } from '../core/plain-text.ts';
import { PERENNIAL_USAGE, wrongWord } from './perennial-words.ts';

try {
  const problem = nodeProblem(process.version);
  if (problem) throw problem;
  await run(process.argv.slice(2));
} catch (error) {
  if (!isAppError(error)) throw error;
  process.stderr.write(`${plainText(error.message)}\n`);
  process.exitCode = error.exitCode;
}

async function run([command, ...args]: string[]): Promise<void> {
  switch (command) {
    case '--help':
    case '-h':
      process.stdout.write(PERENNIAL_USAGE);
      return;
    case '--version':
      process.stdout.write(`${programVersion()}\n`);
      return;
    case 'start':
      return runFile('start', [...project(), ...args], () => import('../start.ts'));
    case 'dev':
      return runFile('dev', [...project(), '--reload', ...args], () => import('../start.ts'));
    case 'demo':
      return runFile('demo', [...project(), ...args], () => import('./demo.ts'));
    case 'session':
      return runFile('session', args, () => import('./session.ts'));
    case 'init': {
      const { initProject } = await import('./init.ts');
      return initProject(args);
    }
    default:
      throw wrongWord(command);
  }
}

/** The present folder is the project, if it has commands or listeners. */
function project(): string[] {
  return existsSync('commands') || existsSync('listeners') ? ['--project', '.'] : [];
}

/** Each of these files reads its own arguments. */
async function runFile(name: string, args: readonly string[], load: () => Promise<unknown>): Promise<void> {
  process.argv = [process.argv[0] ?? 'node', name, ...args];
  await load();
}
