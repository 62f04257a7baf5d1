/** Runs before the imports of each test file, as in the bot: Baileys keeps the functions that it finds when it loads. */
import { speedUpCurve } from '../../../src/whatsapp/signal/libsignal-curve.ts';

speedUpCurve();
