import type { Context } from './context.ts';

/** A step that runs around every handler. It calls `next` once to go on, or not at all to end the handling. */
export type Middleware<C = Context> = (ctx: C, next: () => Promise<void>) => Promise<void> | void;

/** Composes steps into one step, the first outermost. A second call of the same `next` rejects. */
export function compose<C>(steps: readonly Middleware<C>[]): Middleware<C> {
  return (ctx, last) => {
    const from = async (index: number): Promise<void> => {
      let isCalled = false;
      const next = async (): Promise<void> => {
        if (isCalled) throw new Error('next() was called twice');
        isCalled = true;
        await from(index + 1);
      };
      const step = steps[index];
      await (step === undefined ? last() : step(ctx, next));
    };
    return from(0);
  };
}
