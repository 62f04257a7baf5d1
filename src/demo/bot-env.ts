import { SETTINGS } from '../config/settings.ts';

/** Settings that a visitor may give to the demo, too: the status page is worth a look. */
const PASSED_ON = new Set(['HTTP_PORT', 'HTTP_HOST', 'HTTP_TOKEN']);

export interface BotEnvOptions {
  /** Where the simulator is. */
  readonly url: string;
  /** Its public root key, in base64. */
  readonly rootKey: string;
  /** The certificate of its host for files. */
  readonly certificatePath: string;
}

/** The environment of the demo's bot: the visitor's own, with the demo's settings in the place of theirs. */
export function botEnv(env: NodeJS.ProcessEnv, options: BotEnvOptions): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !(name in SETTINGS) || PASSED_ON.has(name));
  return {
    ...Object.fromEntries(others),
    SESSION_PATH: './sessions',
    WA_WEBSOCKET_URL: options.url,
    WA_ROOT_KEY: options.rootKey,
    NODE_EXTRA_CA_CERTS: options.certificatePath,
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'pretty',
    RECONNECT_DELAY_MS: '2000',
    // A burst is there to be watched, not to be waited for.
    TYPING_DELAY_MS: '10',
    SENDS_PER_MINUTE: '0',
    SENDS_PER_CHAT_PER_MINUTE: '0',
    // Under npm the bot ends with its parent: also if this process is killed.
    npm_lifecycle_event: 'demo',
  };
}
