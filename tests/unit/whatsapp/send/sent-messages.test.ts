import { describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { MAX_TEXT_LENGTH } from '../../../../src/core/plain-text.ts';
import type { Session } from '../../../../src/session/session-store.ts';
import { SentMessages } from '../../../../src/whatsapp/send/sent-messages.ts';

/** SentMessages over rows in memory. */
function sentMessages(clock?: Pick<Clock, 'now'>): { sent: SentMessages; rows: Map<string, unknown> } {
  const rows = new Map<string, unknown>();
  const session = {
    rows: () => rows,
    set: async ({ sent }: { sent: Record<string, unknown> }) => {
      for (const [id, row] of Object.entries(sent)) row === null ? rows.delete(id) : rows.set(id, row);
    },
  };
  return { sent: new SentMessages(session as unknown as Session, clock), rows };
}

describe('what was sent', () => {
  it('the table of sent messages keeps the longest text that may be sent, with its quote and the mentions of a whole group', async () => {
    const { sent } = sentMessages();
    const text = '漢'.repeat(MAX_TEXT_LENGTH);
    const contextInfo = {
      quotedMessage: { conversation: '漢'.repeat(1_000) },
      mentionedJid: Array.from({ length: 1_000 }, (_, index) => `${200_000_000_000_000 + index}@lid`),
    };
    await sent.remember('A', { extendedTextMessage: { text, contextInfo } });
    expect(sent.find('A')).toMatchObject({ extendedTextMessage: { text } });
  });

  it('the table of sent messages gives a poll that is sent again the secret that people have already', async () => {
    const { sent } = sentMessages();
    const poll = (secret: number) => ({
      pollCreationMessageV3: { name: 'Which?' },
      messageContextInfo: { messageSecret: Buffer.alloc(32, secret) },
    });
    const [first, again, other] = [poll(1), poll(2), poll(3)];
    sent.keepSecret('A', first);
    await sent.remember('A', first);
    sent.keepSecret('A', again);
    sent.keepSecret('B', other);
    const secrets = [first, again, other].map(
      ({ messageContextInfo }) => messageContextInfo.messageSecret[0],
    );
    expect(secrets).toEqual([1, 1, 3]);
  });

  it('the table of sent messages does not keep a larger message', async () => {
    const { sent } = sentMessages();
    await sent.remember('A', { conversation: 'x'.repeat(300_000) });
    expect(sent.has('A')).toBe(false);
  });

  it.each([
    ['small', 3_000, 'pong', 1_000],
    // Base64 is a third longer.
    ['large', 700, 'x'.repeat(192 * 1024), 256],
  ])('the table of sent messages forgets the oldest messages at the limit: %s messages', async (...row) => {
    const [, count, conversation, most] = row;
    const { sent, rows } = sentMessages();
    for (let index = 0; index < count; index += 1) await sent.remember(`id ${index}`, { conversation });
    expect(rows.size).toBeGreaterThanOrEqual(most * 0.99);
    expect(rows.size).toBeLessThanOrEqual(most * 1.1);
    expect([...rows.keys()].at(-1)).toBe(`id ${count - 1}`);
    expect(sent.has(`id ${count - rows.size}`)).toBe(true);
  });

  it('the table of sent messages forgets messages after thirty days', async () => {
    let nowMs = 1_700_000_000_000;
    const { sent } = sentMessages({ now: () => nowMs });
    await sent.remember('old', { conversation: 'pong' });
    nowMs += 30 * 24 * 60 * 60 * 1000 + 1;
    await sent.remember('new', { conversation: 'pong' });
    expect([sent.has('old'), sent.has('new')]).toEqual([false, true]);
  });

  it('the table of sent messages reads no row but its own when it stores a message below the limits', async () => {
    const { sent, rows } = sentMessages();
    for (let index = 0; index < 100; index += 1) await sent.remember(`id ${index}`, { conversation: 'pong' });
    const walks = vi.spyOn(rows, 'values').mockName('values');
    const entries = vi.spyOn(rows, Symbol.iterator as never);
    await sent.remember('one more', { conversation: 'pong' });
    expect(walks).not.toHaveBeenCalled();
    expect(entries).not.toHaveBeenCalled();
  });
});
