/**
 * A "no" with its reason, to be thrown by a handler: the person gets the message, word for word, and the log no
 * error. For what they can change ("That is not an image."), not for what is broken.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
