import type { HttpConfig } from '../config/config.ts';
import { AppError, messageOf, systemCode } from '../core/errors.ts';

/** The error for a status page that cannot listen: why, and what to do about it. */
export function unavailable({ host, port }: HttpConfig, error: unknown): AppError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is in use. Stop the other program, or set another HTTP_PORT.`,
    EACCES: `port ${port} is not allowed for this user. Set an HTTP_PORT above 1023.`,
    EADDRNOTAVAIL: `${host} is no address of this machine. Set another HTTP_HOST.`,
    ENOTFOUND: `this machine does not know the name ${host}. Set another HTTP_HOST.`,
  };
  const reason = why[systemCode(error) ?? ''] ?? `${messageOf(error)}.`;
  return new AppError('HTTP_UNAVAILABLE', `The bot runs without its status page: ${reason}`, {
    cause: error,
  });
}
