/** `session COMMAND`: status, doctor, backup, restore and explain, for the session in SESSION_PATH. */
import { configFromProcess } from '../config/config.ts';
import { runSession } from './run-session.ts';

const { stdout, stderr } = process;
// With `| head` the pipe closes early; that is no error.
stdout.on('error', () => {});
process.exitCode = await runSession(process.argv.slice(2), { stdout, stderr, readConfig: configFromProcess });
