import type { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';

export interface FloodWorld {
  readonly simulator: SimulatedWhatsApp;
  /** Where the bot serves HTTP. */
  readonly httpPort: number;
  /** Notes bytes that reach the bot, or would reach it, by another way than its connection to WhatsApp. */
  readonly alsoReceived: (bytes: number) => void;
}

export interface Flood {
  /** A noun phrase for the table. */
  readonly what: string;
  /** Lasts until the signal is aborted. Leaves no fault of the simulator behind: the bot may be flooded again. */
  run(world: FloodWorld, signal: AbortSignal): Promise<void>;
  /** Whether it carries enough for a ratio of bytes written to bytes received. */
  readonly isHeavy: boolean;
}
