import { isConnectionLoss } from '../../../src/whatsapp/connection/close-reason.ts';

let isInstalled = false;

/**
 * Baileys leaves rejected promises behind when a line is cut while it is answering something, and nothing can be
 * done about those; the program notes them at `debug`. Any other rejection without a handler still fails the run.
 */
export function allowUnheardLosses(): void {
  if (isInstalled) return;
  isInstalled = true;
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error, promise) => {
    if (isConnectionLoss(error)) return;
    for (const listener of listeners) listener.call(process, error, promise);
  });
}
