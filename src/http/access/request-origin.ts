import { isLoopback } from '../../config/setting-kinds.ts';

/** The host name in a `Host` header, without its port; undefined if it is missing or malformed. */
function hostNameOf(header: string | undefined): string | undefined {
  if (header === undefined || !/^[\w.:[\]-]{1,300}$/.test(header)) return undefined;
  return parseUrl(`http://${header}`)?.hostname.replace(/^\[(.*)\]$/, '$1');
}

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/**
 * Whether a caller without a token may use this host name. A web page whose name was made to point at
 * 127.0.0.1 (DNS rebinding) sends its own name here.
 */
export function isHostAllowed(header: string | undefined, configuredHost: string): boolean {
  const name = hostNameOf(header);
  if (name === undefined) return false;
  return isLoopback(name) || name.endsWith('.localhost') || name === configuredHost;
}

export interface RequestOrigin {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`: browsers send it, programs do not. */
  readonly fetchSite: string | undefined;
}

/** Whether a web page of another origin made this request: another port of this machine is another origin. */
export function isCrossOrigin({ host, origin, fetchSite }: RequestOrigin): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return true;
  if (origin === undefined) return false;
  return parseUrl(origin)?.host !== host?.toLowerCase();
}
