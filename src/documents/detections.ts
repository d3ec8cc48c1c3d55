import * as z from 'zod';

const level = z.enum(['critical', 'high', 'medium', 'none', 'low', 'informational']);

const head = {
  id: z.string(),
  title: z.string(),
  level,
  /** The file of the rule, and the line where it begins. */
  file: z.string(),
  line: z.number().int(),
};

/** `cordon detect --json`: what rules found in evidence, and what they could not be asked. */
export const detectionsDocument = z.object({
  schema: z.literal('cordon.detect/1'),
  /** The value of now(). */
  now: z.iso.datetime(),
  source: z.object({
    files: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() })),
    tables: z.array(z.object({ name: z.string(), rows: z.number().int() })),
  }),
  rules: z.object({
    files: z.number().int(),
    /** Rules that were asked, in whole or in part. */
    run: z.number().int(),
    /** Of these: rules that name fields which the events do not have. */
    partly: z.number().int(),
    /** Rules that only serve correlations. */
    serving: z.number().int(),
    noEvents: z.number().int(),
    refused: z.number().int(),
  }),
  /** Worst first. */
  detections: z.array(
    z.object({
      ...head,
      kind: z.enum(['sigma', 'correlation', 'kql']),
      /** ATT&CK. */
      techniques: z.array(z.string()),
      tactics: z.array(z.string()),
      /** Events; of a correlation, times at which its condition came true; of a query, rows. */
      count: z.number().int(),
      first: z.string().nullable(),
      last: z.string().nullable(),
      computers: z.array(z.string()),
      /** More than `computers` holds. */
      computersInAll: z.number().int(),
      /** Fields that the events do not have, by which the rule would have left some out. */
      unfiltered: z.array(z.string()),
      /** The first matches, by the names of their columns. */
      hits: z.array(z.record(z.string(), z.union([z.null(), z.boolean(), z.number(), z.string()]))),
    }),
  ),
  /** Rules that were asked without some of their fields, each with why. */
  partly: z.array(z.object({ ...head, without: z.array(z.string()) })),
  notRun: z.array(
    z.object({
      ...head,
      because: z.string(),
      kind: z.enum(['refused', 'no-events']),
    }),
  ),
  /** What the answer does not include, or had to leave out of the evidence. */
  notes: z.array(z.string()),
});

export type DetectionsDocument = z.infer<typeof detectionsDocument>;
export type Detection = DetectionsDocument['detections'][number];
