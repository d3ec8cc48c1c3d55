// The schemas of facts are in fact-schema.ts: code that draws and reports facts need not load zod.
import type { WhyUnknown } from './fact-schema.ts';

export type { WhyUnknown } from './fact-schema.ts';

/** Evidence that was obtained. `asOf` is ISO 8601 UTC. */
export interface Known<T> {
  state: 'known';
  value: T;
  source: string;
  asOf: string;
  coverage: string;
  notSeen: string[];
  notSeenWhy?: WhyUnknown[] | undefined;
}

/** Something that could not be read: why, as a code and as a sentence, and what would cure it. */
export interface Gap {
  why: WhyUnknown;
  because: string;
  cure: string;
}

/** Evidence that could not be obtained, with the reason and what would cure it. */
export interface Unknown extends Gap {
  state: 'unknown';
  source: string;
}

/** How all evidence travels. */
export type Fact<T> = Known<T> | Unknown;

/** Evidence that was obtained at `asOf` from `source`, covering `coverage`. */
export function known<T>(
  value: T,
  about: { source: string; asOf: string; coverage: string; notSeen?: string[]; notSeenWhy?: readonly WhyUnknown[] },
): Known<T> {
  return {
    state: 'known',
    value,
    source: about.source,
    asOf: about.asOf,
    coverage: about.coverage,
    notSeen: about.notSeen ?? [],
    ...(about.notSeenWhy && about.notSeenWhy.length > 0 ? { notSeenWhy: [...new Set(about.notSeenWhy)] } : {}),
  };
}

/** Evidence that could not be obtained: why, as a code and as a sentence, and what would cure it. */
export function unknown(why: WhyUnknown, because: string, cure: string, source: string): Unknown {
  return { state: 'unknown', why, because, cure, source };
}

/** The same fact with its value transformed; an unknown stays as it is. */
export function mapFact<T, U>(fact: Fact<T>, transform: (value: T) => U): Fact<U> {
  return fact.state === 'known' ? { ...fact, value: transform(fact.value) } : fact;
}
