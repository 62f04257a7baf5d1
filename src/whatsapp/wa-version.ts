import { DEFAULT_CONNECTION_CONFIG, fetchLatestWaWebVersion } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.ts';
import { ifNewer } from '../core/newer-version.ts';
import type { Session } from '../session/session-store.ts';
import { unlessAborted } from './abortable.ts';

/** WhatsApp Web's client version, e.g. 2.3000.1043857760. */
export type WaVersion = readonly [number, number, number];

/** The version that the library has. */
export const BUILT_IN_VERSION: readonly number[] = DEFAULT_CONNECTION_CONFIG.version;

const LOOK_UP_WITHIN_MS = 5_000;

/** The version that WhatsApp Web has at the moment; undefined if no answer comes within five seconds. */
export async function lookUpVersion(dispatcher?: unknown): Promise<WaVersion | undefined> {
  const options = {
    signal: AbortSignal.timeout(LOOK_UP_WITHIN_MS),
    ...(dispatcher ? { dispatcher } : {}),
  } as RequestInit;
  const { version, isLatest } = await fetchLatestWaWebVersion(options);
  const [first, second, third] = version;
  return isLatest && first !== undefined && second !== undefined && third !== undefined
    ? [first, second, third]
    : undefined;
}

const ROW = 'wa-version';

/** Which version to connect with: the one that was set, else the one that was looked up last, else the built-in. */
export class VersionChoice {
  readonly #session: Session;
  readonly #log: Logger;
  readonly #lookUp: () => Promise<WaVersion | undefined>;
  #version: WaVersion | undefined;

  constructor(
    fixed: WaVersion | undefined,
    session: Session,
    log: Logger,
    lookUp: () => Promise<WaVersion | undefined>,
  ) {
    this.#session = session;
    this.#log = log;
    this.#lookUp = lookUp;
    this.#version = fixed ?? rememberedVersion(session);
  }

  /** Undefined is the library's own. */
  get current(): WaVersion | undefined {
    return this.#version;
  }

  /** WhatsApp refused the present one: look up what it wants, use it, remember it. */
  async refresh(signal: AbortSignal): Promise<void> {
    const version = await unlessAborted(this.#lookUp(), signal);
    if (signal.aborted) return;
    if (!version) {
      this.#log.warn('could not look up the current client version; set WA_VERSION if this happens again');
      return;
    }
    this.#version = version;
    this.#log.info({ version: version.join('.') }, 'using the current client version');
    try {
      await this.#session.set({ client: { [ROW]: version } });
    } catch (error) {
      this.#log.warn({ detail: messageOf(error) }, 'could not store the client version');
    }
  }
}

/** The version that was looked up once, unless the library has caught up with it. */
function rememberedVersion(session: Session): WaVersion | undefined {
  const remembered = session.rows<WaVersion>('client').get(ROW);
  return remembered && ifNewer(remembered, BUILT_IN_VERSION);
}
