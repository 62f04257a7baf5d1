import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeTlsIdentity, type TlsIdentity } from '../wire/tls-certificate.ts';

/** The largest upload. WhatsApp's own limit is lower. */
const MAX_BYTES = 100 * 1024 * 1024;

/**
 * The host of encrypted files. Clients only speak https to it, and its certificate is self-signed: a process trusts
 * it by `NODE_EXTRA_CA_CERTS`, an agent by its `ca`.
 */
export class MediaHost {
  readonly identity: TlsIdentity = makeTlsIdentity();
  readonly #blobs = new Map<string, Buffer>();
  readonly #expired = new Map<string, { readonly blob: Buffer; readonly status: 404 | 410 }>();
  #restored = 0;
  #server: Server | undefined;
  #port = 0;
  /** The HTTP status that answers every upload and download. Default undefined: they are served. */
  failure: number | undefined;
  /** The HTTP statuses that answer the next uploads, in this order. */
  readonly uploadFailures: number[] = [];
  /** How many uploads were asked for. */
  uploads = 0;

  /** `host:port`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer({ key: this.identity.key, cert: this.identity.cert }, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  /** Stores a blob and returns its path and URL. */
  put(blob: Buffer): { directPath: string; url: string } {
    const directPath = `/v/${createHash('sha256').update(blob).digest('base64url')}.enc`;
    this.#blobs.set(directPath, blob);
    return { directPath, url: `https://${this.host}${directPath}` };
  }

  /** Answers requests for a file with this status until it is restored. */
  expire(directPath: string, status: 404 | 410): void {
    const blob = this.#blobs.get(directPath);
    if (!blob) throw new Error(`the media host has no file ${directPath}`);
    this.#blobs.delete(directPath);
    this.#expired.set(directPath, { blob, status });
  }

  /** Uploads a file again, under a new path. Undefined if the host never had it. */
  restore(directPath: string): string | undefined {
    const blob = this.#expired.get(directPath)?.blob ?? this.#blobs.get(directPath);
    if (!blob) return undefined;
    const path = directPath.replace(/(-\d+)?\.enc$/, `-${++this.#restored}.enc`);
    this.#blobs.set(path, blob);
    return path;
  }

  get(directPath: string): Buffer | undefined {
    return this.#blobs.get(pathOf(directPath));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isUpload = request.method === 'POST';
    if (isUpload) this.uploads += 1;
    const failure = this.failure ?? (isUpload ? this.uploadFailures.shift() : undefined);
    if (failure !== undefined) {
      request.resume();
      response.writeHead(failure).end();
      return;
    }
    if (isUpload) {
      const blob = await bodyOf(request);
      const { directPath, url } = this.put(blob);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ url, direct_path: directPath }));
      return;
    }
    const blob = this.get(request.url ?? '');
    if (!blob) {
      response.writeHead(this.#expired.get(pathOf(request.url))?.status ?? 404).end();
      return;
    }
    const [start, end] = rangeOf(request.headers.range, blob.length);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': end - start };
    response.writeHead(request.headers.range ? 206 : 200, headers).end(blob.subarray(start, end));
  }
}

function pathOf(url: string | undefined): string {
  return url?.split('?')[0] ?? '';
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function rangeOf(header: string | undefined, length: number): [number, number] {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!match) return [0, length];
  const start = Math.min(Number(match[1]), length);
  return [start, match[2] ? Math.min(Number(match[2]) + 1, length) : length];
}
