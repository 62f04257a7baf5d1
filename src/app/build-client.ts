import type { Config } from '../config/config.ts';
import { baileysLogger } from '../logging/baileys-logger.ts';
import type { Logger } from '../logging/logger.ts';
import type { Session } from '../session/session-store.ts';
import type { ProxyRoutes } from '../whatsapp/proxy.ts';
import { lookUpVersion } from '../whatsapp/wa-version.ts';
import { WhatsAppClient } from '../whatsapp/whatsapp-client.ts';
import { listedNumbers } from './numbers-in-settings.ts';

/** Longer than four addresses of WhatsApp may take, 5 seconds each. */
const CONNECT_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

/** The client that the settings ask for, not started. */
export async function buildClient(config: Config, session: Session, log: Logger): Promise<WhatsAppClient> {
  const proxy = await proxyOf(config);
  const client = new WhatsAppClient({
    session,
    sessionPath: config.sessionPath,
    socket: {
      url: config.waWebsocketUrl,
      version: config.waVersion,
      agent: proxy?.agent,
      mediaAgent: proxy?.mediaAgent,
      dispatcher: proxy?.dispatcher,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      keepAliveIntervalMs: KEEP_ALIVE_MS,
      rootKey: config.waRootKey === undefined ? undefined : Buffer.from(config.waRootKey, 'base64'),
      showOnline: config.showOnline,
    },
    reconnect: { delayMs: config.reconnectDelayMs, maxDelayMs: config.reconnectMaxDelayMs },
    pairingNumber: config.pairingNumber,
    listedNumbers: listedNumbers(config),
    log,
    baileysLog: baileysLogger(log),
    lookUpVersion: () => lookUpVersion(proxy?.dispatcher),
  });
  // When the bot is loaded, it says which messages it does not use.
  client.inbox.setWanted(() => true);
  return client;
}

/** Loaded only if there is one: it brings an HTTP client of 25 MB with it. */
async function proxyOf({ proxyUrl, waWebsocketUrl }: Config): Promise<ProxyRoutes | undefined> {
  if (proxyUrl === undefined) return undefined;
  const { proxyRoutes } = await import('../whatsapp/proxy.ts');
  return proxyRoutes(proxyUrl, waWebsocketUrl);
}
