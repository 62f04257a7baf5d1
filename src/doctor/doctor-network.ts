import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf, systemCode } from '../core/errors.ts';
import type { Check } from './doctor-check.ts';

export interface NetworkTarget {
  /** Where WhatsApp is: `ws://` or `wss://`. */
  readonly url: string;
  /** The proxy that the bot uses. May hold a password. */
  readonly proxyUrl: string | undefined;
  /** For each step. */
  readonly withinMs: number;
}

export interface NetworkFindings {
  readonly checks: Check[];
  /** What the server's clock says, if it was asked. */
  readonly serverTimeMs: number | undefined;
}

const MOST_SKEW_MS = 60_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'ws:': 80, 'http:': 80, 'socks5:': 1080 };

/** Resolves the name, connects, speaks TLS and asks for the time; ends at the first step that fails. */
export async function checkNetwork(target: NetworkTarget): Promise<NetworkFindings> {
  const { protocol, hostname, port } = new URL(target.proxyUrl ?? target.url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const where = {
    host,
    port: Number(port) || (DEFAULT_PORTS[protocol] ?? 443),
    isTls: protocol === 'wss:' || protocol === 'https:',
    what: target.proxyUrl ? 'the proxy ' : '',
  };
  const checks: Check[] = [];
  const attempt = async <T>(
    name: string,
    mend: string,
    work: () => Promise<[string, T]>,
  ): Promise<T | undefined> => {
    try {
      const [text, result] = await limited(work(), target.withinMs);
      checks.push({ name, state: 'ok', text });
      return result;
    } catch (error) {
      const why = systemCode(error) ?? messageOf(error);
      checks.push({ name, state: 'problem', text: `${where.what}${host}:${where.port}: ${why}`, mend });
      return undefined;
    }
  };
  const address = await attempt('DNS', 'check the internet connection', async () => {
    const { address } = await lookup(host);
    return [`${where.what}${host} is ${address}`, address];
  });
  const socket =
    address === undefined
      ? undefined
      : await attempt('Connection', 'check firewall, proxy and internet connection', async () => [
          `${where.what}${host}:${where.port} answers${where.isTls ? ', encrypted' : ''}`,
          await connect(where, target.withinMs),
        ]);
  const serverTimeMs = socket && !target.proxyUrl ? await askTime(socket, host, target.withinMs) : undefined;
  socket?.destroy();
  return { checks, serverTimeMs };
}

async function limited<T>(work: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs / 1000} s`)), withinMs);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function connect(
  where: { readonly host: string; readonly port: number; readonly isTls: boolean },
  withinMs: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { host, port } = where;
    const socket = where.isTls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    socket.setTimeout(withinMs, () => socket.destroy(new Error(`no answer within ${withinMs / 1000} s`)));
    socket.once('error', reject);
    socket.once(where.isTls ? 'secureConnect' : 'connect', () => resolve(socket));
  });
}

/** The `Date` header of the answer to an ordinary request. */
async function askTime(socket: Socket, host: string, withinMs: number): Promise<number | undefined> {
  const answer = new Promise<number | undefined>((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(0, 16_384);
      const [, date] = /^date: *(.*?)\r?$/im.exec(text) ?? [];
      if (date !== undefined) resolve(Date.parse(date) || undefined);
    });
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
    socket.write(`HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
  return limited(answer, withinMs).catch(() => undefined);
}

/** A clock that is wrong breaks TLS and the age of messages. */
export function checkClock(
  nowMs: number,
  serverTimeMs: number | undefined,
  newestFileMs: number | undefined,
): Check {
  const name = 'Clock';
  const mend = 'set the clock (timedatectl set-ntp true)';
  const skewMs = serverTimeMs === undefined ? undefined : nowMs - serverTimeMs;
  if (skewMs !== undefined && Math.abs(skewMs) > MOST_SKEW_MS) {
    const direction = skewMs > 0 ? 'ahead of' : 'behind';
    const text = `${Math.round(Math.abs(skewMs) / 1000)} s ${direction} the server's`;
    return { name, state: 'problem', text, mend };
  }
  if (skewMs === undefined && newestFileMs !== undefined && newestFileMs - nowMs > MOST_SKEW_MS) {
    return {
      name,
      state: 'warning',
      text: "files of this session have a later time than this machine's clock",
      mend,
    };
  }
  return {
    name,
    state: 'ok',
    text: skewMs === undefined ? 'not compared with another clock' : "agrees with the server's",
  };
}
