import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { decodedBytes, readPictureSize } from '../../core/picture-size.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import { Semaphore } from '../run/semaphore.ts';

const { bytesEach, processBytes, timeMs } = LIMITS.pictures;
/** One picture is decoded at a time, in all chats together. */
const turns = new Semaphore<object>(LIMITS.pictures.count);

/**
 * A sticker of 512 × 512 from a JPEG, PNG, WebP or GIF. The picture is measured first and then decoded in a child
 * process with a memory limit, one at a time, so that no picture can end the bot. Throws a `Refusal` if the bytes are
 * not a picture, are damaged, or need too much memory.
 */
export async function makeSticker(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const size = readPictureSize(bytes);
  if (size === undefined) throw new Refusal(phrases.badPicture);
  if (decodedBytes(size) > bytesEach) {
    noteLimitReached('pictures');
    throw new Refusal(phrases.badPicture);
  }
  const turn = {};
  await turns.acquire(turn, signal);
  try {
    return await decode(bytes, signal);
  } finally {
    turns.release(turn);
  }
}

async function decode(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const [command = '', ...args] = limited([process.execPath, ...loader(), PROGRAM]);
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: childEnvironment(),
    signal,
    timeout: timeMs,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    // Not started, or ended by the signal.
    child.once('error', () => resolve(null));
  });
  // The child may end before it has read all of the picture.
  child.stdin.on('error', () => undefined);
  child.stdin.end(bytes);
  const [exitCode, sticker] = await Promise.all([ended, buffer(child.stdout).catch(() => undefined)]);
  signal.throwIfAborted();
  if (exitCode !== 0 || sticker === undefined || sticker.length === 0) throw new Refusal(phrases.badPicture);
  return sticker;
}

const PROGRAM = fileURLToPath(
  new URL(`./sticker-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** From the sources, the child needs the loader for TypeScript as well. */
function loader(): string[] {
  if (!PROGRAM.endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

/** `ulimit -d` limits the memory that a process writes to; `--max-old-space-size` does not limit libvips. */
function limited(command: readonly string[]): readonly string[] {
  if (process.platform === 'win32') return command;
  const kilobytes = Math.floor(processBytes / 1024);
  return ['/bin/sh', '-c', `ulimit -d ${kilobytes} 2>/dev/null; exec "$@"`, 'sh', ...command];
}

/** No setting of the bot is a concern of the child; the C library gets one memory arena. */
function childEnvironment(): NodeJS.ProcessEnv {
  return { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '--max-old-space-size=64' };
}
