/** Runs before the imports of a test file: new credentials and simulated phones sign fast, with the same results. */
import { loadSigner, speedUpCurve } from '../../../src/whatsapp/signal/libsignal-curve.ts';

speedUpCurve();
await loadSigner();
