/** Runs before the imports of each test file. Only the curve is faster than in the library: its results are the same. */
import './fast-curve.ts';
import { endStoragesAfterEach } from './storage-end.ts';

endStoragesAfterEach();
