/**
 * A handler throws this to refuse a request: the person gets the message word for word, and nothing is logged. Use it
 * for what the person can change ("That is not an image."), not for faults.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** By name, because a project's command may have its `Refusal` from another file of this package. */
export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'Refusal';
}
