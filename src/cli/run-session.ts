import type { Config } from '../config/config.ts';
import { nodeProblem } from '../config/node-version.ts';
import { readOptions, unknownWord } from '../config/read-options.ts';
import { AppError, isAppError, messageOf } from '../core/errors.ts';
import { plainText } from '../core/plain-text.ts';
import { sessionCommand } from '../core/session-command-text.ts';
import type { Check } from '../doctor/doctor-check.ts';
import type { SessionReport } from '../session/maintenance/session-reports.ts';

const COMMAND_HERE = sessionCommand();
// If `perennial` runs this file, this argument is its word `session`; else it is the path of a file.
const isBin = process.argv[1] === 'session' && !COMMAND_HERE.startsWith('npm ');
const SELF = isBin ? 'perennial session' : COMMAND_HERE;

const USAGE = `Usage: ${SELF} COMMAND [--json]

  status        who is linked, since when, files, sizes, the process that uses it
  doctor        checks everything that a bot needs, and says what to do
  backup DIR    copies the session to DIR, also while the bot runs
  restore DIR   replaces the session by a backup, and keeps the former one
  explain ID    what became of a message, also while the bot runs
`;

/** What each command is given beside its name. */
const COMMANDS: Readonly<Record<string, 'folder' | 'id' | undefined>> = {
  status: undefined,
  doctor: undefined,
  backup: 'folder',
  restore: 'folder',
  explain: 'id',
};
const NEEDS = { folder: 'a folder', id: 'the id of a message' } as const;
const PROGRESS_EVERY_MS = 200;

interface Request {
  readonly command: string;
  /** The folder or the id; empty if the command needs none. */
  readonly subject: string;
  readonly isJson: boolean;
}

/** What the session command is given by the process it runs in. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Throws `BAD_CONFIG`. */
  readonly readConfig: () => Config;
}

type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

/** Runs one command on the session, and resolves with its exit code. Never rejects. */
export async function runSession(args: string[], around: Surroundings): Promise<number> {
  const isJson = args.includes('--json');
  try {
    const problem = nodeProblem(process.version);
    if (problem) throw problem;
    const request = readArguments(args);
    if (!request) {
      around.stdout.write(USAGE);
      return 0;
    }
    if (request.command === 'doctor') return await runDoctor(request, around);
    const { sessionPath } = around.readConfig();
    if (request.command === 'explain') return await runExplain(request, sessionPath, around);
    return await run(request, sessionPath, around);
  } catch (error) {
    const { message, code, exitCode } = isAppError(error)
      ? error
      : { message: messageOf(error), code: 'BUG', exitCode: 1 };
    if (isJson) print(around.stdout, JSON.stringify({ error: { code, message } }));
    else print(around.stderr, message);
    return exitCode;
  }
}

/** Names of files and notes in a backup may hold escape sequences, which must not reach the terminal. */
function print(to: Output, text: string): void {
  to.write(`${plainText(text)}\n`);
}

/** Undefined if help is wanted. */
function readArguments(args: string[]): Request | undefined {
  const reading = readOptions(args, { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } });
  if ('problem' in reading) throw badArguments(reading.problem);
  const { values, words } = reading;
  if (values.help) return undefined;
  const [command, subject, ...more] = words;
  if (command === undefined) throw badArguments('A command is missing.');
  if (!Object.hasOwn(COMMANDS, command))
    throw badArguments(unknownWord('command', command, Object.keys(COMMANDS)));
  const wanted = COMMANDS[command];
  if (wanted && !subject) throw badArguments(`${command} needs ${NEEDS[wanted]}.`);
  if (more.length > 0 || (subject !== undefined && !wanted))
    throw badArguments(`${command} takes ${wanted ? `one ${wanted}` : 'no arguments'}.`);
  return { command, subject: subject ?? '', isJson: values.json === true };
}

function badArguments(sentence: string): AppError {
  return new AppError('BAD_ARGUMENTS', `${sentence}\n\n${USAGE.trimEnd()}`);
}

async function run(
  { command, subject, isJson }: Request,
  sessionPath: string,
  { stdout, stderr }: Surroundings,
): Promise<number> {
  const progress = showProgress(command === 'backup' ? 'copied' : 'restored', stderr, isJson);
  const options = { onProgress: progress.show };
  // Loaded late: Baileys takes a second to load, and an answer to a mistyped word must not wait for it.
  const [reports, { hasRowShape }] = await Promise.all([
    import('../session/maintenance/session-reports.ts'),
    import('../app/row-shapes.ts'),
  ]);
  const reportOf: Record<string, () => Promise<SessionReport>> = {
    status: () => reports.reportStatus(sessionPath),
    backup: () => reports.reportBackup(sessionPath, subject, options),
    restore: () => reports.reportRestore(sessionPath, subject, { ...options, isRow: hasRowShape }),
  };
  const report = await reportOf[command]?.().finally(progress.end);
  const text = isJson ? JSON.stringify(report?.facts) : report?.lines.join('\n');
  print(stdout, text ?? '');
  return 0;
}

/** Fails if nothing is known of the message, so that a script notices. */
async function runExplain(
  { subject, isJson }: Request,
  sessionPath: string,
  { stdout }: Surroundings,
): Promise<number> {
  const { reportExplain } = await import('../app/explain-message.ts');
  const { isKnown, facts, lines } = await reportExplain(sessionPath, subject);
  print(stdout, isJson ? JSON.stringify(facts) : lines.join('\n'));
  return isKnown ? 0 : 1;
}

/** Shows progress on a terminal, if the command takes longer than a moment. */
function showProgress(verb: string, stderr: Output, isJson: boolean) {
  const isShown = stderr.isTTY && !isJson;
  let shownAtMs = performance.now();
  let hasShown = false;
  const show = (done: number, total: number): void => {
    if (!isShown || performance.now() - shownAtMs < PROGRESS_EVERY_MS) return;
    shownAtMs = performance.now();
    hasShown = true;
    stderr.write(`\r${verb} ${done} of ${total} files `);
  };
  const end = (): void => {
    if (hasShown) stderr.write('\r\x1b[K');
  };
  return { show, end };
}

async function runDoctor({ isJson }: Request, { stdout, readConfig }: Surroundings): Promise<number> {
  const [{ checkLine }, { checkNode, examine }, { BUILT_IN_VERSION, lookUpVersion }] = await Promise.all([
    import('../doctor/doctor-check.ts'),
    import('../doctor/doctor.ts'),
    import('../whatsapp/wa-version.ts'),
  ]);
  const checks: Check[] = [];
  const add = (check: Check): void => {
    checks.push(check);
    if (!isJson) print(stdout, checkLine(check));
  };
  add(checkNode(process.version));
  const config = checkSettings(readConfig, add);
  if (config) {
    const { sessionPath: path, waWebsocketUrl: url, proxyUrl, waVersion } = config;
    const isReal = new URL(url).hostname.endsWith('.whatsapp.com') && proxyUrl === undefined;
    await examine({
      path,
      url,
      proxyUrl,
      waVersion,
      builtInVersion: BUILT_IN_VERSION,
      lookUpVersion: isReal ? lookUpVersion : undefined,
      onCheck: add,
    });
  }
  const isFine = checks.every(({ state }) => state !== 'problem');
  if (isJson) print(stdout, JSON.stringify({ isFine, checks }));
  return isFine ? 0 : 1;
}

function checkSettings(
  readConfig: Surroundings['readConfig'],
  add: (check: Check) => void,
): Config | undefined {
  try {
    const config = readConfig();
    add({ name: 'Settings', state: 'ok', text: 'all of them can be used' });
    return config;
  } catch (error) {
    if (!isAppError(error, 'BAD_CONFIG')) throw error;
    add({ name: 'Settings', state: 'problem', text: error.message });
    return undefined;
  }
}
