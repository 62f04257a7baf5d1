// Tells whether the bot of this container is well: exit code 0 or 1.
//
//   node deploy/healthcheck.mjs          the process runs; if it has ended and hold.sh waits, the answer is no
//   node deploy/healthcheck.mjs live     the same, but yes if hold.sh waits: a restart would not help
//   node deploy/healthcheck.mjs ready    connected to WhatsApp (/readyz)
//
// The process runs if it renewed the file SESSION_PATH/.lock/alive within the last minute, or if /healthz answers.
// Without HTTP_PORT and without that file there is nothing to look at, and the answer is yes.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const {
  HTTP_PORT: port = '',
  HTTP_HOST: host = '127.0.0.1',
  HTTP_TOKEN: token,
  HELD_FILE,
  SESSION_PATH: sessionPath = './sessions',
} = process.env;
/** The bot renews the file every ten seconds. */
const STALE_AFTER_MS = 60_000;
const [question] = process.argv.slice(2);

process.exit((await isWell()) ? 0 : 1);

async function isWell() {
  if (existsSync(HELD_FILE || '/tmp/perennial-held')) return question === 'live';
  const ageMs = question === 'ready' ? undefined : aliveAgeMs();
  if (ageMs !== undefined && ageMs < STALE_AFTER_MS) return true;
  // Port 0 is any free port, so this check cannot know it.
  if (port === '' || port === '0') {
    if (ageMs === undefined) return true;
    console.log(`the bot has shown no sign of life for ${Math.round(ageMs / 1000)} seconds`);
    return false;
  }
  return answers();
}

/** How old the last sign of life is; undefined if there is none. */
function aliveAgeMs() {
  const file = statSync(join(sessionPath, '.lock', 'alive'), { throwIfNoEntry: false });
  return file && Math.max(0, Date.now() - file.mtimeMs);
}

async function answers() {
  const name = isEverywhere(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/${question === 'ready' ? 'readyz' : 'healthz'}`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(4_000),
    });
    if (!response.ok) console.log(await response.text());
    return response.ok;
  } catch (error) {
    console.log(error.cause?.message ?? error.message);
    return false;
  }
}

function isEverywhere(address) {
  return address === '0.0.0.0' || address === '::' || address === '[::]';
}
