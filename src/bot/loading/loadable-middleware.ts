import type { Context } from '../context.ts';
import { compose, type Middleware } from '../middleware.ts';
import type { LoadTarget } from './load-commands.ts';

/** Middleware that can change while the bot runs. */
export interface LoadableMiddleware {
  /** All steps in one, as they are when a handler begins. */
  readonly step: Middleware<Context>;
  /** One for each source: its steps run inside those of the sources before, and in it by the name of their file. */
  readonly targets: readonly LoadTarget[];
}

export function loadableMiddleware(sourceCount: number): LoadableMiddleware {
  const sources = Array.from({ length: sourceCount }, () => new Map<string, Middleware<Context>>());
  let all: Middleware<Context> = compose([]);
  const order = (): void => {
    const byFile = sources.flatMap((steps) => [...steps].sort(([a], [b]) => (a < b ? -1 : 1)));
    all = compose(byFile.map(([, step]) => step));
  };
  const targets = sources.map(
    (steps): LoadTarget => ({
      what: 'middleware',
      set(file, exported) {
        if (!isMiddleware(exported)) throw new Error('its default export is not a function');
        steps.set(file, exported);
        order();
      },
      delete(file) {
        if (steps.delete(file)) order();
      },
    }),
  );
  return { step: (ctx, next) => all(ctx, next), targets };
}

const isMiddleware = (value: unknown): value is Middleware<Context> => typeof value === 'function';
