/** The bundle of the program, made by esbuild. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transformSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');
const OUTSIDE = [
  'libsignal',
  'sharp',
  'jimp',
  'link-preview-js',
  'audio-decode',
  'bufferutil',
  'utf-8-validate',
];
/** CommonJS packages need `require`; a file of ours that asks where it is gets the place that tsc gave it. */
const BANNER = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __urlOf = (file) => new URL((/\\/(?:chunks|commands|listeners)\\/[^/]*$/.test(import.meta.url) ? '../' : './') + file, import.meta.url).href;`;

/** In a bundle `import.meta.url` is the place of the chunk. Our files look for others beside themselves. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const file = relative(SRC, path).replaceAll('\\', '/');
      if (file.startsWith('..') || file === 'start.ts') return undefined;
      const place = `__urlOf(${JSON.stringify(file.replace(/\.ts$/, '.js'))})`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place), loader: 'ts' };
    });
  },
};

/** A JavaScript command may import `../bot/command.js`, whose source is TypeScript. */
const typeScriptFor = {
  name: 'typescript-for',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const source = join(resolveDir, path.replace(/\.js$/, '.ts'));
      return !relative(SRC, source).startsWith('..') && existsSync(source) ? { path: source } : undefined;
    });
  },
};

/** How many types Baileys' `WAProto/index.js` has at its top level. */
const PROTO_TYPES = 202;

/** Builds each type of WhatsApp's protocol when it is first used: a bot uses few of them. */
const lazyProto = {
  name: 'lazy-proto',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]baileys[\\/]WAProto[\\/]index\.js$/ }, ({ path }) => {
      let begun = 0;
      let ended = 0;
      const contents = readFileSync(path, 'utf8')
        .replace(/^ {4}proto\.(\w+) = \(function\(\) \{$/gm, (_, name) => {
          begun += 1;
          return `    __later(proto, '${name}', function() {`;
        })
        .replace(/^ {4}\}\)\(\);$/gm, () => {
          ended += 1;
          return '    });';
        });
      if (begun !== PROTO_TYPES || ended !== PROTO_TYPES) {
        throw new Error(`WAProto/index.js has ${begun} types with ${ended} ends, and not ${PROTO_TYPES}`);
      }
      return { contents: `${contents}\n${LATER}`, loader: 'js' };
    });
  },
};

/** The library gets rust-bridge.ts in the place of its WebAssembly, and that file requires the real one. */
const wasmLater = {
  name: 'wasm-later',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^whatsapp-rust-bridge$/ }, ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === 'real') return undefined;
      if (kind === 'import-statement') return { path: join(ROOT, 'tools/rust-bridge.ts') };
      return resolve(path, { kind: 'import-statement', resolveDir, pluginData: 'real' });
    });
  },
};

const LATER = `function __later(target, name, make) {
  const set = (value) => Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: true });
  Object.defineProperty(target, name, { configurable: true, enumerable: true, get: () => { const value = make(); set(value); return value; }, set });
}`;

/** The files of the bundle for the folder `out`, as `path` and `contents`. Rejects if a package has another shape than expected. */
export async function makeBundle(out) {
  // Commands and listeners are loaded by name, and share their modules with the program.
  const handlers = ['commands', 'listeners']
    .filter((folder) => existsSync(join(SRC, folder)))
    .flatMap((folder) =>
      readdirSync(join(SRC, folder))
        .filter((file) => /\.[mc]?[tj]s$/.test(file) && !/\.(?:d|test|spec)\.[mc]?[tj]s$/.test(file))
        .map((file) => `${folder}/${file}`),
    );
  // The start names such a file, as `npm run dev` does; the rest is built.
  const broken = handlers.filter((name) => !isTypeScript(name) && !canBeParsed(name));
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: {
      main: 'src/start.ts',
      ...Object.fromEntries(
        handlers
          .filter((name) => !broken.includes(name))
          .map((name) => [name.replace(/\.[mc]?[tj]s$/, ''), `src/${name}`]),
      ),
    },
    outdir: out,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: 'chunks/[name]-[hash]',
    external: OUTSIDE.flatMap((name) => [name, `${name}/*`]),
    mainFields: ['module', 'main'],
    minifySyntax: true,
    // Comments outside ASCII would double what the source takes in memory.
    minifyWhitespace: true,
    // Node.js prints the whole line of an uncaught error.
    lineLimit: 160,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    banner: { js: BANNER },
    metafile: true,
    logLevel: 'warning',
    plugins: [ownPlaces, lazyProto, wasmLater, typeScriptFor],
  });
  const licences = { path: join(out, 'THIRD-PARTY-LICENSES.txt'), contents: licencesOf(metafile) };
  const copies = broken.map((name) => ({
    path: join(out, name),
    contents: readFileSync(join(SRC, name)),
  }));
  return [...outputFiles, ...copies, licences];
}

const isTypeScript = (name) => /\.[mc]?ts$/.test(name);

function canBeParsed(name) {
  try {
    transformSync(readFileSync(join(SRC, name), 'utf8'), { loader: 'js', logLevel: 'silent' });
    return true;
  } catch {
    return false;
  }
}

/** The licences of all packages of which something is in the bundle. */
function licencesOf({ inputs }) {
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const texts = [...packages].sort().map((path) => {
    const folder = join(ROOT, path);
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(folder, file), 'utf8') : '';
    return `${name} ${version}, licence: ${license}\n\n${text.trim()}\n`;
  });
  return `dist/main.js, dist/commands and dist/chunks contain parts of these packages.\n\n${texts.join('\n----\n\n')}`;
}
