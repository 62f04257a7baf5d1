/** Every error a person may meet, and the exit code it means. Branch on these, never on message texts. */
export const EXIT_CODES = {
  /** A setting has a value that it cannot have. */
  BAD_CONFIG: 78,
  /** The session folder is a file, is not writable, or holds credentials that cannot be read. */
  SESSION_UNUSABLE: 78,
  /** Another process owns the session folder. */
  SESSION_LOCKED: 75,
  /** Another client keeps opening this session. */
  SESSION_REPLACED: 75,
  /** The device was removed from the account. */
  LOGGED_OUT: 77,
  /** A write to the session folder failed: full disk, I/O error, too many open files. */
  STORAGE_FAILED: 1,
  /** WhatsApp did not acknowledge a message in time, or asked to send it later: then `retryAfterMs` is set. */
  SEND_TIMEOUT: 1,
  /** WhatsApp, or its media host, refused a message for good: do not send it again. `whatsappCode` is the reason. */
  SEND_REFUSED: 1,
  /** There is no connection at the moment. */
  NOT_CONNECTED: 1,
  /** Media is too large, takes too long, is damaged or is gone. */
  MEDIA_REFUSED: 1,
  /** The arguments of a command line do not fit. */
  BAD_ARGUMENTS: 78,
  /** The port of the status page is taken or not allowed. */
  HTTP_UNAVAILABLE: 1,
} as const;

/** What an `AppError` is about. Handlers meet those of sends and files, `NOT_CONNECTED` and `STORAGE_FAILED`. */
export type ErrorCode = keyof typeof EXIT_CODES;

export interface AppErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number;
  readonly whatsappCode?: string;
}

/**
 * An error with a stable `code` and a message in two sentences: the cause, and what the person can do.
 * Printed without a stack trace.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  /** How long to wait before the same is tried again, in milliseconds, if WhatsApp asks for a wait. */
  readonly retryAfterMs: number | undefined;
  /** What WhatsApp answered, if it refused something: its error code, or a word such as `no-devices`. */
  readonly whatsappCode: string | undefined;

  constructor(code: ErrorCode, message: string, options?: AppErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
    this.whatsappCode = options?.whatsappCode;
  }

  /** The process exit code this error means: 75, 77, 78, or 1 for all other errors. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/** Whether `error` is an `AppError`, of this code if one is given. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/**
 * Whether the same may succeed later: there was no connection or no acknowledgement, or a write to the session folder
 * failed.
 */
export function isTemporary(error: unknown): boolean {
  return (
    isAppError(error, 'NOT_CONNECTED') ||
    isAppError(error, 'SEND_TIMEOUT') ||
    isAppError(error, 'STORAGE_FAILED')
  );
}

/**
 * The code of an `AppError`, or the system's code of a failed file or network operation (`ENOENT`, `ENOSPC`, …), if it
 * has one.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A path as one word of a command, so that what a message says to run can be copied as it is. */
export function shellWord(path: string): string {
  const word = path.startsWith('-') ? `./${path}` : path;
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Ends a `switch` over a union: the compiler complains here when a member is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
