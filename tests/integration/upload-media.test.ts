import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MediaHost } from '../../src/simulator/media/media-host.ts';
import { makeTlsIdentity } from '../../src/simulator/wire/tls-certificate.ts';
import { mediaUploader } from '../../src/whatsapp/send/upload-media.ts';
import { makeFolder } from './support/folder.ts';

let hosts: MediaHost[];
let filePath: string;
/** For each query of the media connection: whether a new one had to be asked for. */
let queries: boolean[];

beforeEach(async () => {
  hosts = [new MediaHost(), new MediaHost()];
  await Promise.all(hosts.map((host) => host.start()));
  filePath = join(makeFolder(), 'file.enc');
  // More than fits into the buffers of a socket.
  writeFileSync(filePath, Buffer.alloc(8 * 1024 * 1024, 7));
  queries = [];
});

afterEach(() => Promise.all(hosts.map((host) => host.stop())));

const FILE = { mediaType: 'image', fileEncSha256B64: 'ab+/', timeoutMs: 5_000 } as const;

// The certificates have the same subject, so one client cannot know both.
const agent = (): Agent => new Agent({ rejectUnauthorized: false });

const connectionTo =
  (names: readonly string[]) =>
  (isNew = false) => {
    queries.push(isNew);
    const named = names.map((hostname) => ({ hostname, maxContentLengthBytes: 1e8 }));
    return Promise.resolve({ hosts: named, auth: 'a/b', ttl: 60, fetchDate: new Date() });
  };

/** Uploads the file to the first of the hosts that takes it. The numbers are the statuses of their next answers. */
function upload(...statuses: ReadonlyArray<readonly number[]>) {
  for (const [index, each] of statuses.entries()) hosts[index]?.uploadFailures.push(...each);
  return mediaUploader(connectionTo(hosts.map(({ host }) => host)), agent())(filePath, FILE);
}

const asked = (): number[] => hosts.map(({ uploads }) => uploads);

describe('an upload', () => {
  it('an upload takes the address that the first host answers with', async () => {
    const { directPath, mediaUrl } = await upload();
    expect(hosts[0]?.get(directPath)).toHaveLength(8 * 1024 * 1024);
    expect(mediaUrl).toContain(directPath);
    expect([asked(), queries]).toEqual([[1, 0], [false]]);
  });

  it.each([400, 403, 404, 413, 415])(
    'an upload asks each host once, with one key, if all answer %i',
    async (status) => {
      await expect(upload([status], [status])).rejects.toMatchObject({ status });
      expect([asked(), queries]).toEqual([[1, 1], [false]]);
    },
  );

  it.each([401, 429, 500, 507])('an upload asks for a new key if a host answers %i', async (status) => {
    await upload([status]);
    expect([asked(), queries]).toEqual([
      [1, 1],
      [false, true],
    ]);
  });

  it('an upload is not refused for good if one host may take it later', async () => {
    await expect(upload([413], [503])).rejects.toMatchObject({ status: 503 });
    await expect(upload([503], [413])).rejects.toMatchObject({ status: 503 });
  });

  it('an upload is not refused for good if one host cannot be reached', async () => {
    await hosts[0]?.stop();
    await expect(upload([], [413])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('an upload follows a host that redirects to another one, but not for ever', async () => {
    let target = hosts[0]?.host;
    let requests = 0;
    const { key, cert } = makeTlsIdentity();
    const redirecting = createServer({ key, cert }, (request, response) => {
      requests += 1;
      const location = `https://${target}${request.url}`;
      request.resume().once('end', () => response.writeHead(307, { location }).end());
    }).listen(0, '127.0.0.1');
    await once(redirecting, 'listening');
    const own = `127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    const send = (): Promise<{ directPath: string }> =>
      mediaUploader(connectionTo([own]), agent())(filePath, FILE);
    expect(hosts[0]?.get((await send()).directPath)).toBeDefined();
    target = own;
    await expect(send()).rejects.toThrow('redirects');
    expect(requests).toBe(7);
    redirecting.closeAllConnections();
    redirecting.close();
  });
});
