import { AsyncLocalStorage } from 'node:async_hooks';
import type { proto, SocketConfig, UserFacingSocketConfig } from '@whiskeysockets/baileys';
import type { Session } from '../session/session-store.ts';
import { SentMessages } from './send/sent-messages.ts';
import { KeyQueue } from './signal/key-queue.ts';
import { repairLibSignal } from './signal/libsignal-repair.ts';
import { signalRepositoryFactory } from './signal/signal-repository.ts';

/** Options of `makeWASocket`. They must be spread last, because each of them depends on the others. */
export type DurableSocketConfig = Pick<
  UserFacingSocketConfig,
  'auth' | 'logger' | 'getMessage' | 'makeSignalRepository' | 'patchMessageBeforeSending' | 'transactionOpts'
>;

export interface DurableSocketConfigOptions {
  /** The logger of the socket. Default: none. It must be given here and not beside the spread options. */
  readonly logger?: SocketConfig['logger'];
  /** As Baileys' option of the same name. Default: the message stays as it is. */
  readonly patchMessageBeforeSending?: SocketConfig['patchMessageBeforeSending'];
}

/** A message that is being encrypted, in the async context of its send. */
interface Send {
  message?: proto.IMessage;
}

/** One for the process: on Node.js 20 and 22 every promise copies the value of each storage that was ever used. */
const sends = new AsyncLocalStorage<Send>();

const parts = new WeakMap<Session, { readonly keys: KeyQueue; readonly sent: SentMessages }>();

/**
 * The options that make replies readable and messages safe, for `makeWASocket({ ...yours,
 * ...durableSocketConfig(session) })`:
 * - all key transactions wait in one queue, over all sockets of this session;
 * - libsignal is repaired, for the whole process (see libsignal-repair.ts);
 * - a ratchet that encrypted a message is on disk before the stanza is sent;
 * - a sent message is stored before its stanza is sent, and `getMessage` returns it to a phone that asks again, after a
 *   restart too, within the limits of `table:sent`.
 */
export function durableSocketConfig(
  { session }: { readonly session: Session },
  options: DurableSocketConfigOptions = {},
): DurableSocketConfig {
  repairLibSignal();
  const { keys, sent } = partsOf(session);
  const patch = options.patchMessageBeforeSending ?? ((message: proto.IMessage) => message);
  const remember = (id: unknown): void => {
    const message = sends.getStore()?.message;
    // A failure is reported by the session; the send goes on, as it does without these options.
    if (typeof id === 'string' && message) void sent.remember(id, message).catch(() => {});
  };
  const makeSignalRepository = signalRepositoryFactory(inSends(keys), NO_HOOKS, { warn: () => {} });
  return {
    auth: {
      creds: session.creds,
      keys: { get: async (type, ids) => session.get(type, ids) as never, set: keys.set },
    },
    logger: observed(options.logger ?? SILENT, remember),
    getMessage: async ({ id }) => sent.find(id),
    makeSignalRepository,
    patchMessageBeforeSending: async (message, jids) => {
      const send = sends.getStore();
      if (send) send.message = message.deviceSentMessage?.message ?? message;
      return patch(message, jids);
    },
    // A failed commit fails the send; waiting here would hold up every key.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
  };
}

/** The queue and the sent messages must be the same for all sockets of a session. */
function partsOf(session: Session) {
  const known = parts.get(session);
  if (known) return known;
  const keys = new KeyQueue({
    get: (type, ids) => session.get(type, ids),
    set: (changes) => session.set(changes),
  });
  const made = { keys, sent: new SentMessages(session) };
  parts.set(session, made);
  return made;
}

/** The same queue; each outermost transaction begins a send of its own. */
function inSends(keys: KeyQueue): KeyQueue {
  const transaction: KeyQueue['transaction'] = (work, name) =>
    keys.isInTransaction() ? keys.transaction(work, name) : keys.transaction(() => sends.run({}, work), name);
  return Object.assign(Object.create(keys), { transaction }) as KeyQueue;
}

const NO_HOOKS = { before: () => undefined, decrypted: () => undefined, stored: () => {} };

type BaileysLogger = SocketConfig['logger'];

const SILENT: BaileysLogger = {
  level: 'silent',
  child: () => SILENT,
  ...{ trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
};

/**
 * A logger that passes everything on, and reports the id of each message between its encryption and its stanza. Baileys
 * has no other place that knows the id before the stanza is sent: `relayMessage` in `lib/Socket/messages-send.js` logs
 * `{ msgId }` there.
 */
function observed(logger: BaileysLogger, onMessageId: (id: unknown) => void): BaileysLogger {
  return {
    get level() {
      return logger.level;
    },
    set level(level) {
      logger.level = level;
    },
    child: (bindings) => observed(logger.child(bindings), onMessageId),
    trace: (facts, text) => logger.trace(facts, text),
    debug: (facts, text) => {
      if (typeof facts === 'object' && facts !== null && 'msgId' in facts) onMessageId(facts.msgId);
      logger.debug(facts, text);
    },
    info: (facts, text) => logger.info(facts, text),
    warn: (facts, text) => logger.warn(facts, text),
    error: (facts, text) => logger.error(facts, text),
  };
}
