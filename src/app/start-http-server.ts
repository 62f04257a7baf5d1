import type { Bot } from '../bot/bot.ts';
import { sendId } from '../bot/send/message-id.ts';
import type { HttpConfig } from '../config/config.ts';
import { AppError, isAppError, systemCode } from '../core/errors.ts';
import type { Table } from '../core/table.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { KeyRow } from '../http/messages/known-keys.ts';
import type { Sending } from '../http/status/status-source.ts';
import type { Logger } from '../logging/logger.ts';
import type { StatusBoard } from './status/status-board.ts';

/** Starts the status page, if there is to be one. If it cannot be shown, the bot runs without it and says so. */
export async function startHttpServer(
  config: HttpConfig | undefined,
  board: StatusBoard | undefined,
  bot: () => Bot | undefined,
  log: Logger,
  keys: Table<KeyRow>,
): Promise<HttpServer | undefined> {
  if (config === undefined || board === undefined) return undefined;
  const { HttpServer } = await import('../http/http-server.ts');
  const server = new HttpServer({
    config,
    status: board,
    sendText: (...text) => sendText(bot(), ...text),
    keys,
    log,
  });
  try {
    await server.start();
    log.info({ url: server.url }, `Status page: ${server.url}`);
  } catch (error) {
    if (!isAppError(error, 'HTTP_UNAVAILABLE')) throw error;
    log.warn({ code: systemCode(error.cause) }, error.message);
  }
  return server;
}

/** The same key is the same message: its id is derived from it. */
function sendText(bot: Bot | undefined, key: string, number: string, text: string): Sending {
  const message = {
    id: sendId(`http\n${key}`, 'text'),
    chat: `${number}@s.whatsapp.net`,
    content: { kind: 'text', text },
  } as const;
  const notYet = new AppError('NOT_CONNECTED', 'The bot is not ready yet. Send it again.');
  return { id: message.id, acknowledged: bot?.send(message) ?? Promise.reject(notYet) };
}
