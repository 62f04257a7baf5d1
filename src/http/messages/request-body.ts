import type { IncomingMessage } from 'node:http';
import { LIMITS } from '../../core/limits/limits.ts';
import { Problem } from '../problem.ts';

const { bytesEach: MAX_BODY_BYTES } = LIMITS['http:body'];

/** The request's body as text. Throws a `Problem` if it is of another type, larger than 16 KB or not UTF-8. */
export async function readBody(request: IncomingMessage, mediaType: string): Promise<string> {
  const { headers } = request;
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== mediaType || headers['content-encoding'] !== undefined) {
    throw new Problem(415, `The body must be plain ${mediaType}: set Content-Type to that.`);
  }
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const bytes = await readBytes(request);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, 'The body is not UTF-8.');
  }
}

/** `for await` cannot be used: leaving such a loop early destroys the connection, so the caller gets no answer. */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => reject(new Problem(400, 'The body is not complete.')));
  });
}

const tooLarge = (): Problem =>
  new Problem(413, `The body is larger than ${MAX_BODY_BYTES} bytes. Send a shorter text.`, {
    Connection: 'close',
  });
