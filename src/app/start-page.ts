import type { Bot } from '../bot/bot.ts';
import { sendId } from '../bot/send/message-id.ts';
import type { HttpConfig } from '../config/config.ts';
import { AppError, isAppError } from '../core/errors.ts';
import { HttpServer } from '../http/http-server.ts';
import type { Sending } from '../http/status-source.ts';
import type { Logger } from '../logging/logger.ts';
import type { StatusBoard } from './status-board.ts';

/** Starts the status page. One that cannot be shown is no reason not to run. */
export async function startPage(
  config: HttpConfig,
  board: StatusBoard,
  bot: () => Bot | undefined,
  log: Logger,
): Promise<HttpServer> {
  const http = new HttpServer({
    config,
    status: board,
    sendText: (...text) => sendText(bot(), ...text),
    log,
  });
  try {
    await http.start();
    log.info(`Status page: ${http.url}`);
  } catch (error) {
    if (!isAppError(error, 'HTTP_UNAVAILABLE')) throw error;
    log.warn(error.message);
  }
  return http;
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
