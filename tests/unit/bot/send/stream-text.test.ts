import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import { FakeClock, incoming, makeBot } from '../fakes.ts';

const TEXT = ['This is a long answer, ', 'which comes piece by piece, ', 'and ends here.'];

/** Gives a piece, and waits until the clock has moved on. */
async function* slowly(clock: FakeClock, pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await clock.sleep(2_500, new AbortController().signal);
  }
}

const streaming = (clock: FakeClock, pieces: readonly string[]) =>
  command({ name: 'say', summary: 'streams', run: (ctx) => ctx.stream(slowly(clock, pieces)) });

/** What a phone shows: an id that it has already changes nothing. */
function shown(sent: ReadonlyArray<{ id: string; content: object }>): string | undefined {
  const seen = new Set<string>();
  let text: string | undefined;
  for (const { id, content } of sent) {
    if (seen.has(id)) continue;
    seen.add(id);
    text = (content as { text?: string }).text;
  }
  return text;
}

test('a stream is one message that grows by edits and ends with the whole text', async () => {
  const clock = new FakeClock();
  const { bot, messenger } = makeBot([streaming(clock, TEXT)], { clock });
  const handled = bot.handle(incoming('!say'));
  await clock.advance(10_000);
  expect(await handled).toBe('done');
  expect(messenger.sent.map(({ content }) => content.kind)).toEqual(['text', 'edit', 'edit', 'edit']);
  expect(shown(messenger.sent)).toBe(TEXT.join(''));
});

test('a short answer is one message without edits', async () => {
  const clock = new FakeClock();
  const { bot, messenger } = makeBot([streaming(clock, ['Yes.'])], { clock });
  const handled = bot.handle(incoming('!say'));
  await clock.advance(10_000);
  await handled;
  expect(messenger.texts).toEqual(['Yes.']);
});

test('after a kill at any send the next run of a stream ends with the whole text', async () => {
  const message = incoming('!say');
  for (let killedAfter = 1; killedAfter <= 4; killedAfter += 1) {
    const clock = new FakeClock();
    const killed = makeBot([streaming(clock, TEXT)], { clock });
    let sends = 0;
    killed.messenger.onSend = () => {
      sends += 1;
      return sends > killedAfter ? new Promise(() => undefined) : Promise.resolve();
    };
    void killed.bot.handle(message);
    await clock.advance(10_000);
    const before = [...killed.messenger.sent];
    const ids = new Set(before.map(({ id }) => id));
    // This time the model is faster, and says it with other words.
    const fast = makeBot(
      [
        command({
          name: 'say',
          summary: 'streams',
          run: (ctx) =>
            ctx.stream(
              (async function* () {
                yield 'Another answer at once, as a whole.';
              })(),
            ),
        }),
      ],
      { wasSent: (id) => ids.has(id) },
    );
    expect(await fast.bot.handle(message)).toBe('done');
    const whole = killedAfter === 4 ? TEXT.join('') : 'Another answer at once, as a whole.';
    expect(shown([...before, ...fast.messenger.sent])).toBe(whole);
  }
});
