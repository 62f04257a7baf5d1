/** Runs before the imports of each test file, as in the bot: Baileys keeps the functions that it finds when it loads. */
import '../../../src/whatsapp/before-baileys.ts';
import { loadSigner } from '../../../src/whatsapp/signal/libsignal-curve.ts';
import { endStoragesAfterEach } from './storage-end.ts';

await loadSigner();
endStoragesAfterEach();
