// Asks the bot of this container how it is: exit code 0 or 1.
//
//   node deploy/healthcheck.mjs          the process answers (/healthz); an ended one that hold.sh holds does not
//   node deploy/healthcheck.mjs live     the same, but held counts as alive: a restart is what it must not get
//   node deploy/healthcheck.mjs ready    connected to WhatsApp (/readyz)
//
// Without HTTP_PORT there is nobody to ask, and the answer is yes.
import { existsSync } from 'node:fs';

const { HTTP_PORT: port = '', HTTP_HOST: host = '127.0.0.1', HTTP_TOKEN: token, HELD_FILE } = process.env;
const [question] = process.argv.slice(2);

process.exit((await isWell()) ? 0 : 1);

async function isWell() {
  if (existsSync(HELD_FILE || '/tmp/perennial-held')) return question === 'live';
  // Port 0 is any free one: nobody outside the bot knows which.
  if (port === '' || port === '0') return true;
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
