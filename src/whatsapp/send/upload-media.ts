import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { pipeline } from 'node:stream/promises';
import {
  DEFAULT_ORIGIN,
  getUrlFromDirectPath,
  MEDIA_PATH_MAP,
  type WAMediaUploadFunction,
  type WASocket,
} from '@whiskeysockets/baileys';
import { sortAnswer } from './answer-verdicts.ts';

/** A media host did not take a file. */
export class UploadError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the media host answered with HTTP ${status}`);
    this.status = status;
  }
}

const MAX_REDIRECTS = 5;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Uploads encrypted files as the library does, which hides the HTTP status of a refusal. Each host is asked once. A
 * refusal that may pass gets a new key for uploads first, because the key may have expired. Rejects with `UploadError`;
 * it is final only if all hosts refuse the file for good.
 */
export function mediaUploader(
  mediaConnection: WASocket['refreshMediaConn'],
  agent: Agent | undefined,
): WAMediaUploadFunction {
  return async (filePath, { mediaType, fileEncSha256B64, timeoutMs }) => {
    const token = Buffer.from(fileEncSha256B64, 'base64').toString('base64url');
    let { auth, hosts } = await mediaConnection(false);
    let failure: unknown = new Error('WhatsApp named no media host');
    let isFinal = true;
    for (const { hostname } of hosts) {
      const path = `${MEDIA_PATH_MAP[mediaType] ?? ''}/${token}`;
      const url = new URL(`https://${hostname}${path}?auth=${encodeURIComponent(auth)}&token=${token}`);
      try {
        return addressIn(await post(url, filePath, agent, timeoutMs));
      } catch (error) {
        if (isFinal) failure = error;
        isFinal &&= isRefusal(error);
        if (error instanceof UploadError && !isRefusal(error)) ({ auth } = await mediaConnection(true));
      }
    }
    throw failure;
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof UploadError &&
  sortAnswer('upload', { kind: 'error', code: error.status }).kind === 'refused';

/** The body of the answer. */
async function post(
  url: URL,
  filePath: string,
  agent: Agent | undefined,
  timeoutMs: number | undefined,
  redirects = 0,
): Promise<string> {
  const { size } = await stat(filePath);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': size,
      origin: DEFAULT_ORIGIN,
    };
    const sending = request(url, { method: 'POST', headers, agent, timeout: timeoutMs }, resolve);
    sending.on('timeout', () => sending.destroy(new Error('the media host did not answer in time')));
    sending.on('error', reject);
    pipeline(createReadStream(filePath), sending).catch(reject);
  });
  const { statusCode = 0 } = response;
  const { location } = response.headers;
  if (statusCode === 200) return bodyOf(response);
  // The host may have answered before it had the whole file.
  response.destroy();
  if (statusCode < 300 || statusCode >= 400 || !location) throw new UploadError(statusCode);
  if (redirects === MAX_REDIRECTS) throw new Error('the media host redirects again and again');
  return post(new URL(location, url), filePath, agent, timeoutMs, redirects + 1);
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_ANSWER_BYTES) throw new Error('the answer of the media host is too long');
  }
  return body;
}

function addressIn(body: string): { mediaUrl: string; directPath: string } {
  const answer: unknown = JSON.parse(body);
  const { url, direct_path: directPath } = (answer ?? {}) as Record<string, unknown>;
  if (typeof directPath !== 'string') throw new Error('the answer of the media host has no address');
  return { mediaUrl: typeof url === 'string' ? url : getUrlFromDirectPath(directPath), directPath };
}
