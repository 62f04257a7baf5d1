/** Why a handler was cut off: the bot stops, it took too long, or its run ended because it waits for something. */
export type Interruption = 'stopping' | 'too-late' | 'suspended';

/**
 * Each call on a context that sends or fetches rejects with this after its handler was cut off, and nothing was sent.
 * `reason`: the bot is `stopping`, the handler was `too-late`, or it was `suspended` because it waits for an answer.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly reason: Interruption;

  constructor(reason: Interruption) {
    super(
      {
        stopping: 'The bot is stopping, nothing was sent. The command runs again after the next start.',
        'too-late': 'The command took too long and was given up, nothing was sent.',
        suspended: 'The handler waits for an answer or sleeps, nothing was sent. It runs again then.',
      }[reason],
    );
    this.reason = reason;
  }
}
