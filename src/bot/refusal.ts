/**
 * A handler throws this to refuse a request: the person gets the message word for word, and nothing is logged. Use it
 * for what the person can change ("That is not an image."), not for faults.
 */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
}

/** The names of a refusal and of its kinds. */
const NAMES: readonly string[] = ['Refusal', 'AskTimeout'];

/** By name, because a project's command may have its `Refusal` from another file of this package. */
export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && NAMES.includes(error.name);
}
