// For pm2, in the folder of the project, after `npm ci && npm run build`:
//
//   pm2 start deploy/ecosystem.config.cjs
//   pm2 logs bot1 --raw                     # the QR code is in here
//   pm2 stop bot1                           # the session stays
//   pm2 save && pm2 startup                 # after a reboot, too
//
// One entry, one account, one folder. Never `instances` above 1 and never cluster mode: the second process on a
// folder ends with exit code 75.
const { resolve } = require('node:path');

const home = resolve(__dirname, '..');

function bot(name, env = {}) {
  return {
    name,
    cwd: home,
    script: 'dist/main.js',
    exec_mode: 'fork',
    instances: 1,
    env: { NODE_ENV: 'production', SESSION_PATH: resolve(home, 'sessions', name), ...env },
    // In use or taken over, logged out, bad settings: a restart does not help. pm2 7 then makes none, though its
    // list goes on to say "waiting restart": that is what it shows wherever a delay is set.
    stop_exit_codes: [75, 77, 78],
    restart_delay: 5_000,
    // A bot that ends early is started again all the same.
    min_uptime: 0,
    // It stops in under 1.5 seconds.
    kill_timeout: 10_000,
    watch: false,
    max_memory_restart: '512M',
    merge_logs: true,
  };
}

module.exports = {
  apps: [bot('bot1', { HTTP_PORT: '8081' }), bot('bot2', { HTTP_PORT: '8082', COMMAND_PREFIX: '/' })],
};
