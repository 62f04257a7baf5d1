import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reportExplain } from '../../src/app/explain-message.ts';
import { lastMessages } from '../../src/core/messages/message-records.ts';
import { silenceConsole } from './support/console.ts';
import { Program } from './support/program.ts';

let program: Program;

beforeEach(() => {
  silenceConsole();
  program = new Program();
});

afterEach(async () => {
  await program.destroy();
  vi.restoreAllMocks();
});

/** What `session explain` says to machines. */
async function explained(id: string): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> {
  const { facts } = await reportExplain(program.folder, id);
  return (facts as { messages: Array<Record<string, unknown>> }).messages;
}

/** Waits until the command knows the message and says what the status page says of it. */
async function expectOutcome(id: string, outcome: string, detail?: string): Promise<void> {
  await vi.waitFor(async () => {
    const [message, ...more] = await explained(id);
    expect(more).toEqual([]);
    expect(message).toMatchObject({ id, outcome, ...(detail !== undefined && { detail }) });
  }, 10_000);
  expect(lastMessages().find((record) => record.id === id)).toMatchObject({ outcome });
}

test('session explain says what became of messages while the bot runs, and after it has stopped', async () => {
  await program.start();
  const { wa } = program;
  const [anna, ben] = [wa.addPerson(), wa.addPerson({ addressing: 'lid' })];
  const family = wa.addGroup({ people: [anna, ben] });
  const old = Math.floor(Date.now() / 1000) - 3_600;
  const cases: ReadonlyArray<readonly [id: string, outcome: string, detail?: string]> = [
    [(await anna.send('!ping')).id, 'ran', 'ping'],
    [(await ben.send('!ping', family)).id, 'ran', 'ping'],
    [(await anna.send('good morning')).id, 'no-command'],
    [(await ben.send('!pnig')).id, 'unknown-command'],
    [(await anna.send('!status')).id, 'not-allowed', 'owners-only'],
    [(await ben.sendMessage({ conversation: '!ping' }, { timestamp: old })).id, 'too-old', 'too-old'],
    [(await anna.postStatus('look')).id, 'ignored', 'status'],
    [(await ben.broadcast('offer')).id, 'ignored', 'broadcast'],
  ];
  for (const one of cases) await expectOutcome(...one);
  await program.stop();
  for (const one of cases) await expectOutcome(...one);
  await program.start();
  for (const one of cases) await expectOutcome(...one);
});

test('session explain knows a message that could not be decrypted, and says that it was answered when it came again', async () => {
  await program.start();
  const anna = program.wa.addPerson();
  const { id } = await anna.sendMessage({ conversation: '!ping' }, { isCorrupt: true, isSentOnce: true });
  await vi.waitFor(
    async () => expect(await explained(id)).toMatchObject([{ outcome: 'undecryptable' }]),
    5_000,
  );
  const again = await anna.sendMessage({ conversation: '!ping' }, { isCorrupt: true });
  await anna.waitForMessage(({ quotedId }) => quotedId === again.id, 10_000);
  await expectOutcome(again.id, 'ran', 'ping');
});

test('session explain keeps and prints no text of a person and no whole number', async () => {
  await program.start();
  const anna = program.wa.addPerson();
  const { id } = await anna.send('my secret word');
  await expectOutcome(id, 'no-command');
  const { facts, lines } = await reportExplain(program.folder, id);
  const said = JSON.stringify([facts, lines]);
  expect(said).not.toContain(anna.number);
  expect(said).not.toContain('secret');
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^${id} \\(direct, .*•••.* UTC\\): no command\\.`)),
  ]);
});
