import type { Agent } from 'node:https';
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import {
  type CacheStore,
  isJidBroadcast,
  isJidNewsletter,
  makeWASocket,
  type PossiblyExtendedCacheStore,
  type SocketConfig,
  type UserFacingSocketConfig,
  type WASocket,
} from '@whiskeysockets/baileys';
import { mediaUploader } from '../send/upload-media.ts';
import { confirmHandshake, keepNoMessages, takeInOrder, writeTogether } from './library-socket.ts';
import { trustFor, withServerTrust } from './server-identity.ts';

export interface SocketSettings {
  readonly url: string;
  readonly version: readonly [number, number, number] | undefined;
  /** For the WebSocket, if a proxy is set. */
  readonly agent: Agent | undefined;
  /** For uploads, if a proxy is set. */
  readonly mediaAgent?: Agent | undefined;
  /** For downloads, if a proxy is set: undici's dispatcher. */
  readonly dispatcher: unknown;
  /** How long a connect may take, and then how long the first answer may. */
  readonly connectTimeoutMs: number;
  readonly keepAliveIntervalMs: number;
  /** How long a query may wait for its answer. Default 15,000. */
  readonly queryTimeoutMs?: number;
  /** How often an open connection is asked whether it still answers. Default 45,000. */
  readonly pingEveryMs?: number;
  /** The public root key of the server's certificate chain, 32 bytes. Default WhatsApp's. */
  readonly rootKey?: Uint8Array | undefined;
  /** Whether the account appears online while the bot is connected. Default false. */
  readonly showOnline?: boolean;
}

type Parts = Pick<
  SocketConfig,
  'auth' | 'logger' | 'makeSignalRepository' | 'getMessage' | 'cachedGroupMetadata'
> & { readonly msgRetryCounterCache: CacheStore; readonly userDevicesCache: PossiblyExtendedCacheStore };

/** Queries that get no answer must not hold the key queue for long: a send may await one inside it. */
const QUERY_TIMEOUT_MS = 15_000;

/**
 * How long each address of a host may take to connect before the next one is tried. Node gives it a quarter of a
 * second, which no address can reach on a slow network, so that every connect fails.
 */
const EACH_ADDRESS_MS = 5_000;

/** The only call of `makeWASocket`, with every option that this program sets. */
export function openSocket(settings: SocketSettings, parts: Parts): WASocket {
  setDefaultAutoSelectFamilyAttemptTimeout(EACH_ADDRESS_MS);
  const config: UserFacingSocketConfig = {
    ...parts,
    ...(settings.version ? { version: [...settings.version] } : {}),
    ...(settings.agent ? { agent: settings.agent } : {}),
    ...(settings.mediaAgent ? { fetchAgent: settings.mediaAgent } : {}),
    options: (settings.dispatcher ? { dispatcher: settings.dispatcher } : {}) as RequestInit,
    waWebSocketUrl: settings.url,
    // No time limit of the library, because it makes three stack traces for each stanza that is sent, a tenth of the
    // work for a command. `Connection` limits the connect, and its pings notice a connection that takes no data.
    connectTimeoutMs: 0,
    keepAliveIntervalMs: settings.keepAliveIntervalMs,
    defaultQueryTimeoutMs: settings.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
    // A failed commit closes the connection instead: waiting here would hold up every key.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    // Small history only; none at all would lose the LIDs of known people.
    syncFullHistory: false,
    // The owner's phone does not ring while the account appears online.
    markOnlineOnConnect: settings.showOnline ?? false,
    emitOwnEvents: false,
    // Between two requests for a resend; the default quarter of a second holds up everything behind it.
    retryRequestDelayMs: 10,
    generateHighQualityLinkPreview: false,
    shouldIgnoreJid: (jid) => isJidBroadcast(jid) === true || isJidNewsletter(jid) === true,
  };
  const socket = withServerTrust(trustFor(settings.url, settings.rootKey), () => makeWASocket(config));
  keepNoMessages(socket);
  takeInOrder(socket);
  confirmHandshake(socket);
  writeTogether(socket);
  socket.waUploadToServer = mediaUploader(socket.refreshMediaConn, settings.mediaAgent);
  return socket;
}
