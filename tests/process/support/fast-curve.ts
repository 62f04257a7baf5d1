/** The simulated phones of these tests need no slow signatures. The demo's simulator has libsignal as it is. */
import { loadSigner, speedUpCurve } from '../../../src/whatsapp/signal/libsignal-curve.ts';

speedUpCurve();
await loadSigner();
