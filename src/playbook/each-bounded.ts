/** So many VMs are worked on at once; the others wait for one of them to end. */
export const atOnce = 10;

/** Does `work` for each, at most `atOnce` at a time; the results are in the order of the items. Rejects when one does. */
export async function eachBounded<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const places = items.entries();
  const worker = async () => {
    for (const [place, item] of places) results[place] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
