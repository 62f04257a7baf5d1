import { basename, dirname } from 'node:path';
import type { FileSystem } from '../../../src/session/folder/file-system.ts';

interface File {
  readonly kind: 'file';
  data: Buffer;
}

interface Folder {
  readonly kind: 'folder';
  readonly entries: Map<string, Node>;
}

type Node = File | Folder;

/** Names that appear or go in one step, bytes that are written, and what makes either of them last. */
type Operation =
  | {
      readonly kind: 'names';
      readonly folder: Folder;
      readonly changes: ReadonlyArray<[string, Node | undefined]>;
    }
  | { readonly kind: 'write'; readonly file: File; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'sync'; readonly node: Node; readonly upTo: number };

/** What becomes of an operation that was not synced when the power went. */
export type Fate = (index: number) => 'kept' | 'lost' | 'zeros';

export const ROOT = '/disk';

/**
 * A disk in memory that keeps a log of what was done to it. After a power cut bytes are only sure to be there up to
 * the last sync of their file, and names up to the last sync of their folder.
 */
export class ModelDisk {
  readonly #root: Folder;
  readonly #log: Operation[] = [];
  readonly #open = new Map<number, Node>();
  /** Closes of a number that was not open: in a real process, of somebody else's file. */
  strayCloses = 0;
  #lastFd = 100;
  /** What is there for good, because an earlier power cut left it. */
  readonly #first = new Map<Node, Buffer | Map<string, Node>>();

  constructor(root: Folder = { kind: 'folder', entries: new Map() }) {
    this.#root = root;
    this.#remember(root);
  }

  #remember(node: Node): void {
    this.#first.set(node, node.kind === 'file' ? Buffer.from(node.data) : new Map(node.entries));
    if (node.kind === 'folder') for (const one of node.entries.values()) this.#remember(one);
  }

  get operations(): number {
    return this.#log.length;
  }

  get openFiles(): number {
    return this.#open.size;
  }

  /** The disk after a power cut: after so many operations, and with those that were not synced met by `fate`. */
  cutPower(operations: number, fate: Fate): ModelDisk {
    const log = this.#log.slice(0, operations);
    const synced = new Map<Node, number>();
    for (const one of log) if (one.kind === 'sync') synced.set(one.node, one.upTo);
    const isSure = (index: number, node: Node): boolean => index < (synced.get(node) ?? 0);
    const rebuilt = new Map<Node, Node>();
    const rebuild = <N extends Node>(node: N): N => {
      const known = rebuilt.get(node);
      if (known) return known as N;
      const first = this.#first.get(node);
      const copy: Node =
        node.kind === 'file'
          ? { kind: 'file', data: Buffer.from(first instanceof Buffer ? first : []) }
          : { kind: 'folder', entries: new Map() };
      rebuilt.set(node, copy);
      if (copy.kind === 'folder' && first instanceof Map) {
        for (const [name, one] of first) copy.entries.set(name, rebuild(one));
      }
      return copy as N;
    };
    for (const [index, one] of log.entries()) {
      if (one.kind === 'sync') continue;
      if (one.kind === 'names') {
        if (!isSure(index, one.folder) && fate(index) === 'lost') continue;
        const { entries } = rebuild(one.folder);
        for (const [name, node] of one.changes) {
          if (node) entries.set(name, rebuild(node));
          else entries.delete(name);
        }
        continue;
      }
      const what = isSure(index, one.file) ? 'kept' : fate(index);
      if (what === 'lost') continue;
      put(rebuild(one.file), one.position, what === 'zeros' ? Buffer.alloc(one.bytes.length) : one.bytes);
    }
    return new ModelDisk(rebuild(this.#root));
  }

  /** The disk as it is now, for another process. */
  copy(): ModelDisk {
    const clone = (node: Node): Node =>
      node.kind === 'file'
        ? { kind: 'file', data: Buffer.from(node.data) }
        : { kind: 'folder', entries: new Map([...node.entries].map(([name, one]) => [name, clone(one)])) };
    return new ModelDisk(clone(this.#root) as Folder);
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of path.slice(ROOT.length).split('/').filter(Boolean)) {
      node = node?.kind === 'folder' ? node.entries.get(part) : undefined;
    }
    return node;
  }

  #folder(path: string): Folder {
    const node = this.#find(path);
    if (node?.kind !== 'folder') throw failure('ENOENT');
    return node;
  }

  #rename(folder: Folder, ...changes: Array<[string, Node | undefined]>): void {
    this.#log.push({ kind: 'names', folder, changes });
    for (const [name, node] of changes) {
      if (node) folder.entries.set(name, node);
      else folder.entries.delete(name);
    }
  }

  #opened(fd: number): Node {
    const node = this.#open.get(fd);
    if (!node) throw failure('EBADF');
    return node;
  }

  #sync(fd: number, done: (error: Error | null) => void): void {
    const node = this.#opened(fd);
    const upTo = this.#log.length;
    setImmediate(() => {
      this.#log.push({ kind: 'sync', node, upTo });
      done(null);
    });
  }

  /** What the session uses of `node:fs`. */
  readonly fs = {
    chmodSync: () => {},
    statSync: (path: string) => {
      const node = this.#find(path);
      if (!node) throw failure('ENOENT');
      return { mode: 0o700, uid: 0, size: node.kind === 'file' ? node.data.length : 0 };
    },
    mkdirSync: (path: string): string | undefined => {
      if (this.#find(path)) return undefined;
      const first: string | undefined = this.fs.mkdirSync(dirname(path));
      this.#rename(this.#folder(dirname(path)), [basename(path), { kind: 'folder', entries: new Map() }]);
      return first ?? path;
    },
    readdirSync: (path: string, options?: { withFileTypes: boolean }) => {
      const entries = [...this.#folder(path).entries];
      if (!options?.withFileTypes) return entries.map(([name]) => name);
      return entries.map(([name, { kind }]) => ({
        name,
        isFile: () => kind === 'file',
        isDirectory: () => kind === 'folder',
      }));
    },
    readFileSync: (path: string) => {
      const node = this.#find(path);
      if (!node) throw failure('ENOENT');
      if (node.kind === 'folder') throw failure('EISDIR');
      return Buffer.from(node.data);
    },
    openSync: (path: string, flags: string): number => {
      let node = this.#find(path);
      if (flags.startsWith('wx')) {
        if (node) throw failure('EEXIST');
        node = { kind: 'file', data: Buffer.alloc(0) };
        this.#rename(this.#folder(dirname(path)), [basename(path), node]);
      }
      if (!node) throw failure('ENOENT');
      this.#open.set(++this.#lastFd, node);
      return this.#lastFd;
    },
    closeSync: (fd: number) => {
      if (!this.#open.delete(fd)) {
        this.strayCloses += 1;
        throw failure('EBADF');
      }
    },
    fstatSync: (fd: number) => {
      const node = this.#opened(fd);
      return { size: node.kind === 'file' ? node.data.length : 0 };
    },
    writeSync: (fd: number, from: Buffer, offset: number, length: number, position: number): number => {
      const file = this.#opened(fd);
      if (file.kind !== 'file') throw failure('EISDIR');
      const bytes = Buffer.from(from.subarray(offset, offset + length));
      this.#log.push({ kind: 'write', file, position, bytes });
      put(file, position, bytes);
      return length;
    },
    fsyncSync: (fd: number) => {
      this.#log.push({ kind: 'sync', node: this.#opened(fd), upTo: this.#log.length });
    },
    fsync: (fd: number, done: (error: Error | null) => void) => this.#sync(fd, done),
    fdatasync: (fd: number, done: (error: Error | null) => void) => this.#sync(fd, done),
    renameSync: (from: string, to: string) => {
      const node = this.#find(from);
      if (!node) throw failure('ENOENT');
      this.#rename(this.#folder(dirname(to)), [basename(to), node], [basename(from), undefined]);
    },
    unlinkSync: (path: string) => {
      if (!this.#find(path)) throw failure('ENOENT');
      this.#rename(this.#folder(dirname(path)), [basename(path), undefined]);
    },
  };

  get fileSystem(): FileSystem {
    return this.fs as unknown as FileSystem;
  }
}

function put(file: File, position: number, bytes: Buffer): void {
  const end = position + bytes.length;
  if (end > file.data.length) file.data = Buffer.concat([file.data, Buffer.alloc(end - file.data.length)]);
  bytes.copy(file.data, position);
}

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code });
}
