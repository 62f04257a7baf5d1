import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { startWhatsApp } from 'perennial-whatsapp/testing';
import { startBot } from './bot.js';

test('the bot answers !ping with a quote, and nothing else', async (t) => {
  const wa = await startWhatsApp({ deadlineMs: 10_000 });
  const folder = mkdtempSync(join(tmpdir(), 'bot-'));
  t.after(async () => {
    await wa.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  await wa.bot.pair((show) => startBot(folder, show, wa.url));

  const anna = wa.person('Anna');
  const question = await anna.says('!ping');
  const answer = await anna.hears('pong');
  assert.equal(answer.quotes, question.id);

  await anna.says('just talking');
  await anna.hearsNothing(500);
});
