import { MessageRetryManager } from '@whiskeysockets/baileys/lib/Utils/message-retry-manager.js';
import pino from 'pino';
import { expect, it } from 'vitest';
import { keepNoMessages } from '../../../../src/whatsapp/connection/library-socket.ts';

it('the library keeps no message of a stranger in memory', () => {
  const messageRetryManager = new MessageRetryManager(pino({ level: 'silent' }), 5);
  keepNoMessages({ messageRetryManager });
  messageRetryManager.addRecentMessage('1@s.whatsapp.net', 'ID', { conversation: 'x'.repeat(60_000) });
  expect(messageRetryManager.getRecentMessage('1@s.whatsapp.net', 'ID')).toBeUndefined();
});
