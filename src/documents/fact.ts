import { z } from 'zod';

/** An instant in UTC, ISO 8601 with `Z`. */
export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/**
 * A schema for a `Fact` whose value has the given schema. Every piece of evidence travels as a fact, so that no
 * value can be shown without its source and age, and "none" cannot be mistaken for "not known".
 */
export const factOf = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion('state', [
    z.object({
      state: z.literal('known'),
      value,
      /** Where it was read: service and table or operation. */
      source: z.string(),
      /** When the source was asked. */
      asOf: instant,
      /** What the value covers: a time span, a scope. */
      coverage: z.string(),
      /** What a known value could not include, each with its reason. */
      notSeen: z.array(z.string()),
    }),
    z.object({
      state: z.literal('unknown'),
      /** Why it is not known. */
      because: z.string(),
      /** What would make it known: the permission, the agent, the setting. */
      cure: z.string(),
      source: z.string(),
    }),
  ]);

/** Evidence that was obtained. `asOf` is ISO 8601 UTC. */
export interface Known<T> {
  state: 'known';
  value: T;
  source: string;
  asOf: string;
  coverage: string;
  notSeen: string[];
}

/** Evidence that could not be obtained, with the reason and what would cure it. */
export interface Unknown {
  state: 'unknown';
  because: string;
  cure: string;
  source: string;
}

/** How all evidence travels. */
export type Fact<T> = Known<T> | Unknown;

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
