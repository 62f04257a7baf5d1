/**
 * Replaces functions of `node:zlib` and libsignal when it is imported. Each entry that connects must import this file
 * before anything that loads Baileys, because Baileys keeps the functions of that moment.
 */
import { limitInflate } from './connection/inflate-limits.ts';
import { speedUpCurve } from './signal/libsignal-curve.ts';

speedUpCurve();
limitInflate();
