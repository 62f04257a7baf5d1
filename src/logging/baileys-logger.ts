import { maskForeignText, maskJid } from './mask.ts';
import { statusCodeOf } from './redact.ts';

/** What Baileys asks of a logger. */
export interface LibraryLogger {
  level: string;
  child(bindings: Record<string, unknown>): LibraryLogger;
  trace(facts: unknown, sentence?: string): void;
  debug(facts: unknown, sentence?: string): void;
  info(facts: unknown, sentence?: string): void;
  warn(facts: unknown, sentence?: string): void;
  error(facts: unknown, sentence?: string): void;
}

type OurLevel = 'trace' | 'debug' | 'warn';

/** What it needs of ours; pino's logger is one. */
interface OwnLogger {
  readonly level: string;
  isLevelEnabled(level: string): boolean;
  trace(facts: object, sentence: string): void;
  debug(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
}

const MAX_CHARS = 200;

/** Counts and flags that Baileys names. Numbers and booleans only. */
const COUNTS = new Set(
  'count length retryCount statusCode errorCode items progress mutationCount dbQueries bufferCount cacheSize remaining mutated attempts version device requestedCount userCount migratedSessions offset delay'.split(
    ' ',
  ),
);
/** Ids and tags. Only single words, and masked. */
const WORDS = new Set(
  'id msgId messageId requestId stanzaId tag type operation opName mediaType reason class code'.split(' '),
);
const ADDRESSES = new Set('jid from to participant sender fromJid'.split(' '));
const ERRORS = new Set('err error e trace ackErr uploadError'.split(' '));

/** Restrictions of the account, which only Baileys reports. The client reports everything else itself. */
const WORTH_A_WARNING = /^(error 463|reachout timelock restriction set)/;

function firstLine(text: string): string {
  return maskForeignText((text.split('\n', 1)[0] ?? '').slice(0, MAX_CHARS));
}

function describe(error: unknown): Record<string, unknown> {
  if (typeof error === 'string') return { error: firstLine(error) };
  if (!(error instanceof Error)) return {};
  const statusCode = statusCodeOf(error);
  return { error: firstLine(error.message), ...(statusCode === undefined ? {} : { statusCode }) };
}

/** The facts of an object that are known to be harmless. */
function harmless(facts: unknown): Record<string, unknown> {
  if (typeof facts !== 'object' || facts === null) return {};
  if (facts instanceof Error) return describe(facts);
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === 'number' || typeof value === 'boolean') {
      if (COUNTS.has(name)) shown[name] = value;
    } else if (ERRORS.has(name)) Object.assign(shown, describe(value));
    else if (typeof value !== 'string') continue;
    else if (ADDRESSES.has(name)) shown[name] = maskForeignText(maskJid(value.slice(0, 80)));
    else if (WORDS.has(name) && /^[\w.:-]{1,64}$/.test(value)) shown[name] = maskForeignText(value);
  }
  return shown;
}

/**
 * A logger for Baileys. Baileys logs objects with keys, stanzas and plaintext, so only the sentence, masked, and facts
 * with harmless names pass. Its info, warn and error lines appear at `debug`, its debug and trace lines at `trace`.
 */
export function baileysLogger(log: OwnLogger): LibraryLogger {
  const pass = (level: OurLevel, facts: unknown, sentence: unknown): void => {
    const text = typeof facts === 'string' ? facts : typeof sentence === 'string' ? sentence : '';
    const ours = WORTH_A_WARNING.test(text) ? 'warn' : level;
    if (log.isLevelEnabled(ours)) log[ours](harmless(facts), `Baileys: ${firstLine(text)}`);
  };
  const logger: LibraryLogger = {
    // At `trace` Baileys would build the XML of every stanza; at `debug` it would log stanzas that were not expected.
    get level(): string {
      return log.isLevelEnabled('debug') ? 'info' : log.level;
    },
    set level(_: string) {
      // The program chooses the level.
    },
    child: () => logger,
    trace: (facts, sentence) => pass('trace', facts, sentence),
    debug: (facts, sentence) => pass('trace', facts, sentence),
    info: (facts, sentence) => pass('debug', facts, sentence),
    warn: (facts, sentence) => pass('debug', facts, sentence),
    error: (facts, sentence) => pass('debug', facts, sentence),
  };
  return logger;
}
