/**
 * How long an engine that backtracks can search a text for a pattern: a bound on its steps, as a polynomial of the text's
 * length. It is the sum over all that such an engine tries, in whatever order, before it gives up.
 */

/** A set of what can be at a place of a text, as bits: ASCII's characters, any other character, or the text's end. */
export type Places = readonly number[];

const BEYOND = 128;
const END = 129;
const WORDS = 5;

const none = (): number[] => new Array<number>(WORDS).fill(0);

function put(places: number[], at: number): void {
  places[at >> 5] = (places[at >> 5] ?? 0) | (1 << (at & 31));
}

const has = (places: Places, at: number): boolean => (((places[at >> 5] ?? 0) >> (at & 31)) & 1) === 1;

/** Members by a test of each character of ASCII; `beyond`: could it take another character? */
export function placesOf(takes: (character: string) => boolean, beyond: boolean): Places {
  const places = none();
  for (let code = 0; code < BEYOND; code++) if (takes(String.fromCharCode(code))) put(places, code);
  if (beyond) put(places, BEYOND);
  return places;
}

function either(a: Places, b: Places): number[] {
  const all = none();
  for (let at = 0; at < WORDS; at++) all[at] = (a[at] ?? 0) | (b[at] ?? 0);
  return all;
}

function overlap(a: Places, b: Places): boolean {
  for (let at = 0; at < WORDS; at++) if (((a[at] ?? 0) & (b[at] ?? 0)) !== 0) return true;
  return false;
}

const onlyEnd = none();
put(onlyEnd, END);

/** What comes after a piece, looked at from where the piece ends. */
interface After {
  /** Where it fails at the first thing that is there, if this is not among these. */
  places: Places;
  /** Steps until it has failed so. */
  tries: number;
  /** It cannot fail: an arrival is a match. */
  succeeds: boolean;
}

/** A character, which is also how it is looked at by what comes before. */
export interface Character extends After {
  kind: 'character';
  /** As JavaScript has it. */
  source: string;
}

export const characterPiece = (places: Places, source: string): Character => ({
  kind: 'character',
  places,
  source,
  tries: 1,
  succeeds: false,
});

/** A piece of a pattern, so far as it decides how it is searched. Nothing that is repeated matches the empty text. */
export type Piece =
  | Character
  | { kind: 'begin' | 'edge' | 'end' }
  | { kind: 'sequence'; items: Piece[] }
  | { kind: 'choice'; branches: Piece[] }
  | { kind: 'repeat'; item: Piece; least: number; most: number };

/** Coefficients of the powers of the text's length and one: not below what they stand for. */
type Bound = readonly number[];

interface Cost {
  /** How often what comes after is begun in vain and goes on beyond its first thing. */
  arrivals: Bound;
  /** All steps in vain within the piece, and those of what comes after where it fails at its first thing. */
  steps: Bound;
  /** Steps within the piece that only a match takes. */
  last: Bound;
}

/** A pattern that an engine could search forever. */
export class Unbounded extends Error {
  override readonly name = 'Unbounded';
}

const MOST_TERMS = 12;
const NONE: Bound = [0];
const ONE: Bound = [1];

/** Both together, or of each term the one that `use` makes of the two. */
function eachTerm(a: Bound, b: Bound, use: (x: number, y: number) => number): Bound {
  const terms = new Array<number>(Math.max(a.length, b.length));
  for (let power = 0; power < terms.length; power++) terms[power] = use(a[power] ?? 0, b[power] ?? 0);
  return terms;
}

const plus = (a: Bound, b: Bound): Bound => eachTerm(a, b, (x, y) => x + y);
const highest = (a: Bound, b: Bound): Bound => eachTerm(a, b, Math.max);

function times(a: Bound, b: Bound): Bound {
  if (a === ONE) return b;
  if (b === ONE) return a;
  const terms = a.length + b.length - 1;
  if (terms > MOST_TERMS) throw new Unbounded('too many repeats, one after another');
  const product = new Array<number>(terms).fill(0);
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) product[i + j] = (product[i + j] ?? 0) + (a[i] ?? 0) * (b[j] ?? 0);
  }
  return product;
}

const length: Bound = [0, 1];
/** The steps of all parts of the text together, which are no more than its characters, from those of one part. */
const inAll = ([constant = 0, linear = 0, ...others]: Bound): Bound => [0, constant + linear, ...others];
const longLine = 300;
const valueAt = (bound: Bound, n: number): number => bound.reduceRight((sum, one) => sum * n + one, 0);

/** The piece and what comes after it, looked at from where the piece begins. */
function from(piece: Piece, after: After): After {
  switch (piece.kind) {
    case 'character':
      return piece;
    case 'end':
      return { places: onlyEnd, tries: 1, succeeds: false };
    case 'begin':
    case 'edge':
      return { ...after, tries: after.tries + 1, succeeds: false };
    case 'sequence':
      return piece.items.reduceRight((next, item) => from(item, next), after);
    case 'choice': {
      const all = piece.branches.map((branch) => from(branch, after));
      return {
        places: all.map((one) => one.places).reduce(either, none()),
        tries: all.reduce((tries, one) => tries + one.tries, 0),
        succeeds: all.some((one) => one.succeeds),
      };
    }
    case 'repeat': {
      const first = from(piece.item, after);
      if (piece.least > 0) return { ...first, succeeds: false };
      return {
        places: either(first.places, after.places),
        tries: first.tries + after.tries,
        succeeds: after.succeeds,
      };
    }
  }
}

/** The shortest and the longest text that it takes. */
function widths(piece: Piece): { least: number; most: number } {
  switch (piece.kind) {
    case 'character':
      return { least: 1, most: 1 };
    case 'sequence': {
      const all = piece.items.map(widths);
      return {
        least: all.reduce((sum, one) => sum + one.least, 0),
        most: all.reduce((sum, one) => sum + one.most, 0),
      };
    }
    case 'choice': {
      const all = piece.branches.map(widths);
      return { least: Math.min(...all.map((one) => one.least)), most: Math.max(...all.map((one) => one.most)) };
    }
    case 'repeat': {
      const { least, most } = widths(piece.item);
      return { least: least * piece.least, most: most * piece.most };
    }
    default:
      return { least: 0, most: 0 };
  }
}

const once: Cost = { arrivals: ONE, steps: ONE, last: NONE };

/** By piece and by what comes after it: alternatives have most of their pieces in common. */
const knownCosts = new WeakMap<Piece, Map<string, Cost>>();

function cost(piece: Piece, after: After): Cost {
  if (piece.kind !== 'choice' && piece.kind !== 'repeat') return costOf(piece, after);
  const known = knownCosts.get(piece) ?? new Map<string, Cost>();
  knownCosts.set(piece, known);
  const key = `${after.places.join()} ${after.tries} ${after.succeeds}`;
  const found = known.get(key) ?? costOf(piece, after);
  known.set(key, found);
  return found;
}

function costOf(piece: Piece, after: After): Cost {
  const found = costInVain(piece, after);
  return after.succeeds && found.arrivals !== ONE ? { ...found, arrivals: ONE } : found;
}

function costInVain(piece: Piece, after: After): Cost {
  switch (piece.kind) {
    case 'character':
    case 'begin':
    case 'edge':
    case 'end':
      return once;
    case 'sequence':
      return sequenceCost(piece.items, after);
    case 'choice':
      return choiceCost(piece.branches, after);
    case 'repeat':
      return repeatCost(piece, after);
  }
}

/** The character that a repeat without an end takes. */
const runOf = (piece: Piece): Character | undefined =>
  piece.kind === 'repeat' && piece.most === Number.POSITIVE_INFINITY && piece.item.kind === 'character'
    ? piece.item
    : undefined;

/**
 * A character that was gone over, for what comes after it. Its like divide the text, and what does not go over one of them
 * stays in a part: all parts together are no longer than the text.
 */
interface Divider {
  /** How many arrivals at most come from one such place. */
  arrivals: Bound;
  /** The longest that was gone over since. */
  width: number;
  /** Was nothing gone over since that could be one of them? */
  isLast: boolean;
}

/** In how many parts at most a place of the text is counted, where the item stays within one; undefined where it may not. */
function partsOf(places: Places, { width, isLast }: Divider, item: Piece): number | undefined {
  if (mostOf(places, item) > 0) return undefined;
  if (isLast) return 1;
  // What begins beyond others of them still ends before the next, if it is one stretch.
  return runOf(item) && Number.isFinite(width) ? width + 1 : undefined;
}

/** The bound that is lower for the lines of a log. */
const lowest = (bounds: Bound[]): Bound =>
  bounds.reduce((a, b) => (valueAt(a, longLine) <= valueAt(b, longLine) ? a : b));

const isEndless = (piece: Piece): boolean => widths(piece).most === Number.POSITIVE_INFINITY;

/** The dividers that characters are for what comes after them; of the same ones the last. */
function newDividers(run: readonly Character[], arrivals: Bound): Map<Places, Divider> {
  const made = new Map<Places, Divider>();
  let after: Places = none();
  for (const [width, { places }] of run.toReversed().entries()) {
    if (!made.has(places)) made.set(places, { arrivals, width, isLast: !overlap(places, after) });
    after = either(after, places);
  }
  return made;
}

/** `begun`: so often its first item is begun, at as many places. `isSpread`: its first, a repeat, at all places together. */
function sequenceCost(items: readonly Piece[], after: After, begun: Bound = ONE, isSpread = false): Cost {
  let rest = after;
  const costs = new Array<Cost>(items.length);
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (!item) continue;
    costs[at] = cost(item, rest);
    rest = from(item, rest);
  }
  const lastEndless = items.findLastIndex(isEndless);
  let [arrivals, steps, last] = [begun, NONE, NONE];
  /** Of the arrivals, how many at most are at the same place. */
  let atOne = ONE;
  const dividers = new Map<Places, Divider>();
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    const own = costs[at];
    if (!item || !own) continue;
    if (item.kind === 'character') {
      const run = [item];
      for (let next = items[at + 1]; next?.kind === 'character'; next = items[at + 1]) {
        run.push(next);
        at += 1;
      }
      steps = plus(steps, times(arrivals, [run.length]));
      if (at > lastEndless) continue;
      const made = newDividers(run, atOne);
      const all = run.map(({ places }) => places).reduce(either, none());
      for (const [places, divider] of dividers) {
        divider.width += run.length;
        divider.isLast &&= !overlap(places, all);
      }
      for (const [places, divider] of made) dividers.set(places, divider);
      continue;
    }
    last = plus(last, own.last);
    if (isSpread && at === 0) {
      steps = times([2], inAll(own.steps));
      arrivals = times([2], length);
      continue;
    }
    const { least, most } = widths(item);
    const every = times(arrivals, own.arrivals);
    const all = [{ steps: times(arrivals, own.steps), arrivals: every }];
    const here = [every];
    if (Number.isFinite(most)) here.push(times([most - least + 1], times(atOne, own.arrivals)));
    else if (runOf(item)) here.push(arrivals);
    for (const [places, divider] of dividers) {
      const parts = partsOf(places, divider, item);
      const found = times(divider.arrivals, own.arrivals);
      if (parts !== undefined) {
        const inParts = (bound: Bound): Bound => times([parts], inAll(bound));
        all.push({ steps: inParts(times(divider.arrivals, own.steps)), arrivals: inParts(found) });
        here.push(times([parts], found));
      }
      divider.isLast &&= mostOf(places, item) === 0;
      divider.width += most;
      divider.arrivals = found;
      if (!divider.isLast && divider.width === Number.POSITIVE_INFINITY) dividers.delete(places);
    }
    steps = plus(steps, lowest(all.map((one) => one.steps)));
    arrivals = lowest(all.map((one) => one.arrivals));
    atOne = lowest(here);
  }
  return { arrivals, steps, last };
}

/** Of the branches those go on that take what is there; the others fail at once. */
function choiceCost(branches: readonly Piece[], after: After): Cost {
  const all = branches.map((branch) => ({ ...cost(branch, after), begins: from(branch, after) }));
  let tries = 0;
  for (const { begins } of all) tries += begins.tries;
  let [arrivals, steps, last] = [NONE, NONE, NONE];
  const seen = new Set<string>();
  for (let place = 0; place <= END; place++) {
    let which = '';
    for (const { begins } of all) which += has(begins.places, place) ? '1' : '0';
    if (seen.has(which)) continue;
    seen.add(which);
    let [someArrivals, someSteps] = [NONE, NONE];
    for (const [at, one] of all.entries()) {
      if (which[at] === '0') continue;
      someArrivals = plus(someArrivals, one.arrivals);
      someSteps = plus(someSteps, one.steps);
      last = highest(last, one.last);
    }
    arrivals = highest(arrivals, someArrivals);
    steps = highest(steps, someSteps);
  }
  return { arrivals, steps: plus(steps, [tries]), last };
}

function repeatCost({ item, least, most }: Extract<Piece, { kind: 'repeat' }>, after: After): Cost {
  const again = from(item, after);
  const inside: After = {
    places: either(again.places, after.places),
    tries: again.tries + after.tries,
    succeeds: false,
  };
  const own = cost(item, inside);
  // Gone through as often as it has to be, it is a match.
  if (after.succeeds && item.kind === 'character')
    return { arrivals: ONE, steps: [least + 1], last: times(length, own.steps) };
  /** Where it goes on, nothing after it does, and the other way round. */
  const isSettled = !overlap(again.places, after.places);
  const each = plus(own.steps, [again.tries + (isSettled ? after.tries : 0)]);
  if (most === Number.POSITIVE_INFINITY) {
    // What can be gone through in two ways, again and again, takes ever twice as long.
    if (own.arrivals.length > 1 || (own.arrivals[0] ?? 0) > 1) throw new Unbounded('a repeat within a repeat');
    return { arrivals: isSettled ? ONE : length, steps: times(length, each), last: NONE };
  }
  let paths = ONE;
  let arrivals = least === 0 ? ONE : NONE;
  let steps: Bound = [inside.tries];
  for (let count = 1; count <= most; count++) {
    steps = plus(steps, times(paths, each));
    paths = times(paths, own.arrivals);
    if (isSettled) arrivals = highest(highest(arrivals, paths), ONE);
    else if (count >= least) arrivals = plus(arrivals, paths);
  }
  return { arrivals, steps, last: own.last };
}

/** How many of these characters it goes over at most. */
function mostOf(places: Places, piece: Piece): number {
  switch (piece.kind) {
    case 'character':
      return overlap(places, piece.places) ? 1 : 0;
    case 'sequence':
      return piece.items.reduce((sum, item) => sum + mostOf(places, item), 0);
    case 'choice':
      return Math.max(...piece.branches.map((branch) => mostOf(places, branch)));
    case 'repeat': {
      const once = mostOf(places, piece.item);
      return once === 0 ? 0 : once * piece.most;
    }
    default:
      return 0;
  }
}

const itemsOf = (piece: Piece): readonly Piece[] => (piece.kind === 'sequence' ? piece.items : [piece]);

/** Characters that each match begins with, one after another. */
function startOf(items: readonly Piece[]): Places[] {
  const start: Places[] = [];
  for (const item of items) {
    if (item.kind !== 'character') break;
    start.push(item.places);
  }
  return start;
}

/** How far apart two places at least are at which the same text can begin. */
function leastDistance(start: readonly Places[]): number {
  for (let distance = 1; distance < start.length; distance++) {
    const both = start.slice(distance).every((places, at) => overlap(places, start[at] ?? places));
    if (both) return distance;
  }
  return Math.max(1, start.length);
}

const mostAlternatives = 64;

/** What it can be instead of its choices, which are searched no longer than all of these, each for itself. */
function alternatives(pattern: Piece): (readonly Piece[])[] {
  const whole: (readonly Piece[])[] = [];
  const open = [itemsOf(pattern)];
  for (let items = open.pop(); items; items = open.pop()) {
    const at = items.findIndex(({ kind }) => kind === 'choice');
    const choice = items[at];
    if (choice?.kind !== 'choice' || whole.length + open.length + choice.branches.length > mostAlternatives) {
      whole.push(items);
      continue;
    }
    for (const branch of choice.branches)
      open.push([...items.slice(0, at), ...itemsOf(branch), ...items.slice(at + 1)]);
  }
  return whole;
}

const found: After = { places: none().fill(-1), tries: 0, succeeds: true };

/** Bound on the search for all matches of one of its alternatives, and for the first. */
function searchBound(items: readonly Piece[]): Bound {
  const [first] = items;
  if (first?.kind === 'begin') {
    const { steps, last } = sequenceCost(items, found);
    return plus(length, plus(steps, last));
  }
  const start = startOf(items);
  // From each place where a match could begin, some of its beginning is looked at; and matches lie side by side.
  const everywhere = times(length, [from({ kind: 'sequence', items: [...items] }, found).tries + start.length]);
  const { steps, last } = sequenceCost(items, found, [1, 1 / leastDistance(start)]);
  return plus(plus(everywhere, steps), inAll(times([2], last)));
}

/** Bound on the search for the first match of a pattern that begins only where the repeat does with which it begins. */
function spreadBound(items: readonly Piece[]): Bound {
  // All its texts together are no longer than the whole, with one more for each that ends.
  const { steps, last } = sequenceCost(items, found, ONE, true);
  return plus(plus(length, steps), last);
}

function longest(pattern: Piece, steps: number, boundOf: (items: readonly Piece[]) => Bound): number {
  const apart = alternatives(pattern).map(boundOf).reduce(plus, NONE);
  return Math.max(...[apart, boundOf(itemsOf(pattern))].map((bound) => longestWithin(bound, steps)));
}

/** The longest text in which a search for all matches takes no more than so many steps; throws Unbounded. */
export function longestText(pattern: Piece, steps: number): number {
  const found = longest(pattern, steps, searchBound);
  if (found < 1) throw new Unbounded('too many ways');
  return found;
}

/**
 * The repeat that a pattern begins with: its first match does not begin where a character before is one of the repeat, as it
 * would begin there. Undefined where it begins otherwise.
 */
export function leadingRepeat(pattern: Piece): string | undefined {
  const [first] = itemsOf(pattern);
  return first && runOf(first)?.source;
}

/** The same for a search for the first match that begins only where the leading repeat does. */
export const longestTextFromRepeat = (pattern: Piece, steps: number): number => longest(pattern, steps, spreadBound);

function longestWithin(bound: Bound, steps: number): number {
  let [fits, fails] = [0, 2 ** 30];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (valueAt(bound, middle + 1) <= steps) fits = middle;
    else fails = middle;
  }
  return fits;
}
