import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Inflate, InputType, ZlibOptions } from 'node:zlib';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';

type Callback = (error: Error | null, result: Buffer) => void;

/** The functions of `node:zlib` that are replaced here. */
interface Zlib {
  inflate(input: InputType, options: ZlibOptions, callback: Callback): void;
  createInflate(options?: ZlibOptions): Inflate;
}

let isLimited = false;

/**
 * Limits what compressed data may grow to, for the whole process: the library inflates frames and histories without a
 * limit, and 800 KB from a server can become 800 MB. Later calls do nothing. Must run before Baileys is loaded, because
 * it keeps the functions of that moment.
 *
 * Source: `decompressingIfRequired` in `lib/WABinary/decode.js`, `lib/Utils/history.js` of Baileys 7.0.0-rc14.
 */
export function limitInflate(): void {
  if (isLimited) return;
  isLimited = true;
  const zlib = createRequire(import.meta.url)('node:zlib') as Zlib;
  const { inflate, createInflate } = zlib;
  replace(zlib, 'inflate', (input: InputType, options: ZlibOptions | Callback, callback?: Callback) => {
    const [given, done] = typeof options === 'function' ? [{}, options] : [options, callback];
    const limited = { maxOutputLength: LIMITS['inflate:frame'].bytesEach, ...given };
    inflate(input, limited, (error, result) => {
      if (error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
        noteLimitReached('inflate:frame');
      done?.(error, result);
    });
  });
  replace(zlib, 'createInflate', (options?: ZlibOptions) => limited(createInflate(options)));
  syncBuiltinESMExports();
}

/** Some of these properties cannot be assigned to. */
function replace<K extends keyof Zlib>(zlib: Zlib, name: K, value: unknown): void {
  Object.defineProperty(zlib, name, { value, configurable: true, enumerable: true, writable: true });
}

/** `maxOutputLength` has no effect on a stream, so the bytes of its output are counted. */
function limited(stream: Inflate): Inflate {
  const push = stream.push.bind(stream);
  let bytes = 0;
  stream.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    bytes += chunk?.length ?? 0;
    if (bytes <= LIMITS['inflate:history'].bytesEach) return push(chunk, encoding);
    noteLimitReached('inflate:history');
    stream.destroy(new RangeError('the inflated data is too large'));
    return false;
  };
  return stream;
}
