/** Reads what a promise resolved with; undefined while it is pending, and if it rejected. */
export function settledValue<T>(promise: Promise<T>): () => T | undefined {
  let settled: T | undefined;
  promise.then(
    (value) => {
      settled = value;
    },
    () => {},
  );
  return () => settled;
}
