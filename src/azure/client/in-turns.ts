/** Work on the thread that takes keys goes on for so long, in ms, before these and what has arrived get their turn. */
const longestMs = 8;

/** Lets keys and answers be handled. */
export const theirTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Uses the items one after another, in their order, with turns for keys and answers in between as long as it takes. */
export async function inTurns<T>(items: Iterable<T>, use: (item: T) => void): Promise<void> {
  let began = performance.now();
  for (const item of items) {
    use(item);
    if (performance.now() - began < longestMs) continue;
    await theirTurn();
    began = performance.now();
  }
}
