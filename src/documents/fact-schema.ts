import * as z from 'zod';

/** An instant in UTC, ISO 8601 with `Z`. */
export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/** Why something is not known. What decides by the reason reads this code; the sentence beside it is for people. */
export const whyUnknown = z.enum([
  /** No sign-in, or one that has ended. */
  'not-signed-in',
  /** Azure asks for a second factor, or for a sign-in that is fresher. */
  'second-factor',
  /** The caller has no permission. */
  'denied',
  /** Azure shows nothing: there is nothing, or the caller may not read it, and it does not show which. */
  'hidden',
  /** A policy of the customer refuses it. */
  'policy',
  /** A management lock refuses it. */
  'locked',
  /** Azure refuses for the number of requests. */
  'throttled',
  /** No answer came, or not in time. */
  'no-answer',
  /** It was not asked, or not yet. */
  'not-asked',
  /** The source for it does not exist. */
  'absent',
  /** The service or the agent that reports it is switched off. */
  'off',
  /** The service is on and has reported nothing of this VM. */
  'silent',
  /** Its last report is too old to describe the present. */
  'stale',
  /** The source cannot show such a thing. */
  'unsupported',
  /** The answer is damaged, incomplete or contradicts itself. */
  'damaged',
  /** Azure answered with an error of its own. */
  'failed',
  /** It rests on something else that is not known. */
  'depends',
]);
export type WhyUnknown = z.infer<typeof whyUnknown>;

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
      /** The kinds of reasons behind `notSeen`, each once, where they are known. */
      notSeenWhy: z.array(whyUnknown).optional(),
    }),
    z.object({
      state: z.literal('unknown'),
      /** Why it is not known, as a code. */
      why: whyUnknown,
      /** The same as a sentence. */
      because: z.string(),
      /** What would make it known: the permission, the agent, the setting. */
      cure: z.string(),
      source: z.string(),
    }),
  ]);
