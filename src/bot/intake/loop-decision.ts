/** What is remembered of one sender in one chat. */
export interface LoopMemory {
  readonly lastAtMs: number;
  /** How many commands in a row looked like the answer of a machine to the bot. */
  readonly strikes: number;
  /** Pauses between the bot's answer and the next command, while the two take strict turns. */
  readonly pausesMs: readonly number[];
  readonly mutedUntilMs: number;
}

/** One command. */
export interface LoopEvent {
  readonly atMs: number;
  /** When the bot last wrote in this chat. */
  readonly answeredAtMs: number | undefined;
  /** Whether the command answers (quotes) a message of the bot. */
  readonly quotesBot: boolean;
  /** Whether the command contains what the bot just said. */
  readonly repeatsBot: boolean;
  /** Whether what the bot just said was in the sender's last command already. */
  readonly repeatsItself: boolean;
}

export interface LoopLimits {
  /** How many strikes in a row are a loop. */
  readonly strikes: number;
  /**
   * A quote, or words of the sender's last command, count as a strike if they come within this time of the bot's
   * message.
   */
  readonly promptMs: number;
  /** How many turns at an even pace are a loop; 0 turns this rule off. */
  readonly evenTurns: number;
  /** The standard deviation divided by the mean, up to which a pace is even. People are above 0.3. */
  readonly evenSpread: number;
  /** A longer pause is not part of a loop. */
  readonly maxPauseMs: number;
  readonly muteMs: number;
}

export const LOOP_LIMITS: LoopLimits = {
  strikes: 6,
  promptMs: 2_000,
  evenTurns: 20,
  evenSpread: 0.15,
  maxPauseMs: 10_000,
  muteMs: 10 * 60_000,
};

export type LoopVerdict = 'pass' | 'mute' | 'muted';

/**
 * Whether this command is a turn in a loop of two bots that answer each other. The verdict is `mute` once, then
 * `muted` until the mute ends. A burst of commands is not a loop, because it does not wait for answers.
 */
export function decideLoop(
  memory: LoopMemory | undefined,
  event: LoopEvent,
  limits: LoopLimits,
): { readonly verdict: LoopVerdict; readonly memory: LoopMemory } {
  if (memory !== undefined && event.atMs < memory.mutedUntilMs) return { verdict: 'muted', memory };
  const pauseMs =
    event.answeredAtMs === undefined ? Number.POSITIVE_INFINITY : event.atMs - event.answeredAtMs;
  const isTurn = pauseMs <= limits.maxPauseMs && (event.answeredAtMs ?? 0) >= (memory?.lastAtMs ?? 0);
  // A person may send the same text to a command that echoes it, again and again, but not at once each time.
  const isNews = event.repeatsBot && !event.repeatsItself;
  const isPrompt = pauseMs <= limits.promptMs;
  const isMachine = isTurn && (isNews || ((event.repeatsBot || event.quotesBot) && isPrompt));
  const strikes = isMachine ? (memory?.strikes ?? 0) + 1 : 0;
  const pausesMs =
    isTurn && limits.evenTurns > 0 ? [...(memory?.pausesMs ?? []), pauseMs].slice(-limits.evenTurns) : [];
  const isEven =
    pausesMs.length > 0 && pausesMs.length === limits.evenTurns && spread(pausesMs) <= limits.evenSpread;
  if (strikes < limits.strikes && !isEven) {
    return { verdict: 'pass', memory: { lastAtMs: event.atMs, strikes, pausesMs, mutedUntilMs: 0 } };
  }
  const mutedUntilMs = event.atMs + limits.muteMs;
  return { verdict: 'mute', memory: { lastAtMs: event.atMs, strikes: 0, pausesMs: [], mutedUntilMs } };
}

/** The standard deviation divided by the mean. */
function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return mean <= 0 ? 0 : Math.sqrt(variance) / mean;
}
