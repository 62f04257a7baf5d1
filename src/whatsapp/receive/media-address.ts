import { getUrlFromDirectPath } from '@whiskeysockets/baileys';
import type { MediaPart } from './message-content.ts';

/**
 * Hosts under whatsapp.net that serve files: `mmg.whatsapp.net`, `mmg-fna.whatsapp.net`,
 * `media-fra3-1.cdn.whatsapp.net`.
 */
const MEDIA_HOST = /^(mmg|mms|media)[a-z0-9-]*(\.[a-z0-9-]+)*\.whatsapp\.net$/;
/** Hosts of WhatsApp's pages, which stickers name as their host (Baileys#1557). */
const PAGE_HOST = /^(web|www|static)\.whatsapp\.(net|com)$/;

/**
 * Whether a file may be fetched from this address. The sender of a message names the host, so only hosts of WhatsApp
 * that serve media are allowed: otherwise a stranger could make the bot send requests into its own network. If the bot
 * is connected to another server than WhatsApp's, any host but WhatsApp's pages is allowed.
 */
export function isAllowedHost(url: string, socketUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, protocol, port, username } = new URL(url);
  if (PAGE_HOST.test(hostname)) return false;
  if (!/(^|\.)whatsapp\.(com|net)$/.test(new URL(socketUrl).hostname)) return true;
  return protocol === 'https:' && port === '' && username === '' && MEDIA_HOST.test(hostname);
}

/**
 * The address of a file, or undefined if it has none. The host of `url` is taken if it may be asked, else the one that
 * `mediaHost` looks up. The path is `directPath` if there is one, because `url` may name a page.
 */
export async function addressOf(
  { directPath, url }: MediaPart,
  socketUrl: string,
  mediaHost: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const named = url && isAllowedHost(url, socketUrl) ? url : undefined;
  if (!directPath) return named;
  // Without a slash at its beginning, the path would change the host.
  if (!directPath.startsWith('/') || directPath.startsWith('//')) return undefined;
  const host = named ? new URL(named).host : await mediaHost();
  const address = getUrlFromDirectPath(directPath, host);
  return isAllowedHost(address, socketUrl) ? address : undefined;
}
