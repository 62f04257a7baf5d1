/** Why a handler was cut off: the bot stops, or the handler took too long. */
export type Interruption = 'stopping' | 'too-late';

/** Each call on a context that sends or fetches rejects with this after its handler was cut off. Nothing was sent. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly reason: Interruption;

  constructor(reason: Interruption) {
    super(
      reason === 'stopping'
        ? 'The bot is stopping, nothing was sent. The command runs again after the next start.'
        : 'The command took too long and was given up, nothing was sent.',
    );
    this.reason = reason;
  }
}
