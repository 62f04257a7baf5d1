import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { runSession } from '../../../src/cli/run-session.ts';
import { loadConfig } from '../../../src/config/config.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The number of the account that `linkedCreds` makes. No command says it. */
export const NUMBER = '15551234567';

/** Runs `session ...args` in this process, for the session in `cwd`. Relative folders are those of this process. */
export async function session(
  cwd: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const said = { stdout: '', stderr: '' };
  const to = (name: keyof typeof said) => ({
    isTTY: false,
    write: (text: string | Uint8Array) => {
      said[name] += text;
      return true;
    },
  });
  const code = await runSession([...args], {
    stdout: to('stdout'),
    stderr: to('stderr'),
    readConfig: () => loadConfig({ SESSION_PATH: join(cwd, 'sessions'), ...settings }),
  });
  expect(said.stdout + said.stderr).not.toContain(NUMBER);
  return { code, ...said };
}

/** What `session ...args --json` says. */
export async function sessionFacts<Facts = Readonly<Record<string, unknown>>>(
  cwd: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly facts: Facts }> {
  const { code, stdout, stderr } = await session(cwd, [...args, '--json'], settings);
  expect(stderr).toBe('');
  return { code, facts: JSON.parse(stdout) as Facts };
}

/** The address of a server that answers as one of WhatsApp does to `doctor`. It ends with the test. */
export async function serverUrl(): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(426).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
}
