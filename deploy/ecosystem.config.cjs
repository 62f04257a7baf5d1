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
    // 75: in use or taken over. 77: logged out. 78: bad settings. A restart does not help. After these codes pm2 7
    // does not restart the bot, but its list still says "waiting restart", as it does for each bot with a delay.
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
