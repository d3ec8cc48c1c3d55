/** Work on the thread that takes keys goes on for so long, in ms, before these and what has arrived get their turn. */
const longestMs = 8;

let taken = Promise.resolve();

/**
 * Lets keys and answers be handled. Of several who ask each goes on in a round of the event loop of its own: together they
 * would keep the thread for as long as all of them take.
 */
export function theirTurn(): Promise<void> {
  taken = taken.then(() => new Promise((resolve) => setImmediate(resolve)));
  return taken;
}

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
