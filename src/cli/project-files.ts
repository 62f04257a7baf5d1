/** What a new project depends on. */
const TSX = '^4.20.0';
const TYPESCRIPT = '^5.9.0';
const BAILEYS = '7.0.0-rc14';
const NODE_TYPES = '^20.19.0';

export interface ProjectOptions {
  /** The name of its folder. */
  readonly name: string;
  readonly isJavaScript: boolean;
  /** The version of this package. */
  readonly version: string;
}

/** The files of a new project: their texts by path. */
export function projectFiles({ name, isJavaScript, version }: ProjectOptions): Record<string, string> {
  const ending = isJavaScript ? 'js' : 'ts';
  return {
    'package.json': packageJson(name, isJavaScript, version),
    [`commands/ping.${ending}`]: PING,
    [`listeners/hello.${ending}`]: HELLO,
    [`tests/ping.test.${ending}`]: pingTest(isJavaScript),
    ...(isJavaScript ? {} : { 'tsconfig.json': TSCONFIG }),
    '.env.example': ENV,
    '.gitignore': 'node_modules/\nsessions/\n.env\n*.log\n',
    '.dockerignore': 'node_modules\nsessions\n.env\n.git\n',
    Dockerfile: DOCKERFILE,
    'README.md': readme(name, ending),
  };
}

/** What npm takes as a name, made of the name of a folder. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '');
  return name === '' ? 'my-bot' : name.slice(0, 200);
}

function packageJson(name: string, isJavaScript: boolean, version: string): string {
  const content = {
    name: packageName(name),
    version: '0.0.1',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      start: 'perennial start',
      dev: 'perennial dev',
      demo: 'perennial demo',
      session: 'perennial session',
      test: isJavaScript
        ? 'node --test --test-force-exit tests/*.test.js'
        : 'node --import tsx --test --test-force-exit tests/*.test.ts',
      ...(isJavaScript ? {} : { types: 'tsc' }),
    },
    dependencies: {
      '@whiskeysockets/baileys': BAILEYS,
      'perennial-whatsapp': `^${version}`,
      // `npm start` runs the TypeScript with it, so it is not for development alone.
      ...(isJavaScript ? {} : { tsx: TSX }),
    },
    ...(isJavaScript ? {} : { devDependencies: { '@types/node': NODE_TYPES, typescript: TYPESCRIPT } }),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const PING = `import { command } from 'perennial-whatsapp';

export default command({
  name: 'ping',
  summary: 'answers "pong"',
  run: (ctx) => ctx.reply('pong'),
});
`;

const HELLO = `import { listener } from 'perennial-whatsapp';

/** Answers "hello" in direct chats, and in groups if the message mentions the bot. */
export default listener({
  on: 'message',
  when: 'addressed',
  text: /^(hello|hi)\\b/i,
  run: (ctx) => ctx.reply('Hello! Send !help for what I can do.'),
});
`;

const pingTest = (isJavaScript: boolean): string => `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createBot${isJavaScript ? '' : ', type CreatedBot'} } from 'perennial-whatsapp';
import { startWhatsApp } from 'perennial-whatsapp/testing';

test('the bot answers !ping and hello', async (t) => {
  const wa = await startWhatsApp({ deadlineMs: 10_000 });
  const folder = mkdtempSync(join(tmpdir(), 'bot-'));
  let bot${isJavaScript ? '' : ': CreatedBot | undefined'};
  t.after(async () => {
    await bot?.stop();
    await wa.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  await wa.bot.pair((show) => {
    bot = createBot({
      commands: new URL('../commands/', import.meta.url),
      listeners: new URL('../listeners/', import.meta.url),
      settings: { sessionPath: join(folder, 'session'), typingDelayMs: 0, logLevel: 'warn' },
      env: wa.env(),
      onQr: show,
      output: { write: () => {} },
    });
    void bot.start();
  });

  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.hears('pong');
  await anna.says('hello');
  await anna.hears(/^Hello!/);
});
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["commands", "listeners", "tests"]
}
`;

const ENV = `# Copy this file to .env. All settings: README.md of the package perennial-whatsapp.
# Phone numbers of the owners, with commas between them; the linked account is always one.
OWNER_NUMBERS=
# What a command starts with.
COMMAND_PREFIX=!
# Port of the status page; empty is off.
HTTP_PORT=
`;

const DOCKERFILE = `FROM node:22-slim
ENV NODE_ENV=production NO_COLOR=1 SESSION_PATH=/app/sessions
WORKDIR /app
RUN install -d -m 0700 -o 1000 -g 1000 sessions
COPY package*.json ./
RUN npm install --omit=dev --ignore-scripts
COPY commands ./commands
COPY listeners ./listeners
USER 1000:1000
VOLUME ["/app/sessions"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "node_modules/perennial-whatsapp/deploy/healthcheck.mjs"]
CMD ["node", "node_modules/perennial-whatsapp/dist/cli/main.js", "start"]
`;

const readme = (name: string, ending: string): string => `# ${name}

A WhatsApp bot made with [perennial-whatsapp](https://www.npmjs.com/package/perennial-whatsapp).

\`\`\`bash
npm install
npm test             # runs !ping against a simulated WhatsApp
npm run demo         # the bot without a phone
npm start            # shows a QR code: scan it with WhatsApp > Linked devices
\`\`\`

| script | what it does |
| --- | --- |
| \`npm start\` | starts the bot; the QR code is needed once |
| \`npm run dev\` | the same, and loads a command again when its file is saved |
| \`npm run demo\` | the bot against a simulated WhatsApp |
| \`npm test\` | the tests in \`tests/\` |
| \`npm run session -- status\` | who is linked; also \`doctor\`, \`backup DIR\`, \`restore DIR\`, \`explain ID\` |

- \`commands/ping.${ending}\`: a command. Each file in \`commands/\` is one; \`.js\`, \`.mjs\`, \`.cjs\` and \`.ts\` work alike.
- \`listeners/hello.${ending}\`: runs for messages that are no command.
- \`.env\`: the settings; \`.env.example\` has the first ones.
- \`sessions/\`: the link to your account. Whoever has it can write as you: keep it private, and never in git.

\`docker build -t ${packageName(name)} . && docker run -it -v bot:/app/sessions ${packageName(name)}\` runs it in a container.
`;
