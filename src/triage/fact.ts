import type { Fact, Known, Unknown } from '../documents/fact.ts';

export type { Fact, Known, Unknown };

/** Evidence that was obtained at `asOf` from `source`, covering `coverage`. */
export function known<T>(
  value: T,
  about: { source: string; asOf: string; coverage: string; notSeen?: string[] },
): Known<T> {
  return {
    state: 'known',
    value,
    source: about.source,
    asOf: about.asOf,
    coverage: about.coverage,
    notSeen: about.notSeen ?? [],
  };
}

/** Evidence that could not be obtained: why, and what would cure it. */
export function unknown(because: string, cure: string, source: string): Unknown {
  return { state: 'unknown', because, cure, source };
}

/** The same fact with its value transformed; an unknown stays as it is. */
export function mapFact<T, U>(fact: Fact<T>, transform: (value: T) => U): Fact<U> {
  return fact.state === 'known' ? { ...fact, value: transform(fact.value) } : fact;
}
