/**
 * The first place from one on that is not claimed. Each place holds itself, or, where it is claimed, one after it; the
 * way is shortened for those who ask next, so that all questions together cost little more than the places.
 */
export function firstUnclaimed(places: Int32Array, from: number): number {
  let at = from;
  while (places[at] !== at) {
    const further = places[places[at] as number] as number;
    places[at] = further;
    at = further;
  }
  return at;
}
