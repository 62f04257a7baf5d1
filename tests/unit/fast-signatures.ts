/** Runs before the imports of each test file: new credentials need a signature, which takes 11 ms in libsignal. */
import { loadSigner, speedUpCurve } from '../../src/whatsapp/signal/libsignal-curve.ts';

speedUpCurve();
await loadSigner();
