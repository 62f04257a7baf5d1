import { AppError, messageOf } from '../../core/errors.ts';

/** No ack came in time. */
export const timedOut = (): AppError =>
  new AppError(
    'SEND_TIMEOUT',
    'WhatsApp did not acknowledge a message in time. It is sent again under the same id.',
  );

/** The library could not send the message although the connection is open. */
export const notSent = (cause: unknown): AppError =>
  new AppError(
    'SEND_TIMEOUT',
    `A message could not be sent (${messageOf(cause)}). It is tried again a few times, under the same id.`,
    { cause },
  );

/** WhatsApp asks to try again after a wait. */
export const later = (why: string, code: string, retryAfterMs: number, cause?: unknown): AppError =>
  new AppError(
    'SEND_TIMEOUT',
    `${why} It is tried again in ${Math.ceil(retryAfterMs / 1000)} s (WhatsApp's code: ${code}).`,
    { cause, retryAfterMs, whatsappCode: code },
  );

/** WhatsApp refused it for good. */
export const refused = (why: string, code: string, cause?: unknown): AppError =>
  new AppError('SEND_REFUSED', `${why} It is not tried again (WhatsApp's code: ${code}).`, {
    cause,
    whatsappCode: code,
  });

export const notConnected = (cause?: unknown): AppError =>
  new AppError(
    'NOT_CONNECTED',
    'There is no connection to WhatsApp. The message goes out after the next connect.',
    { cause },
  );
