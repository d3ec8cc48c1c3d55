import * as z from 'zod';

const cell: z.ZodType = z.union([z.null(), z.boolean(), z.number(), z.string()]);

/** `cordon kql --json`: the rows that a query gave, and what it was asked of. */
export const queryDocument = z.object({
  schema: z.literal('cordon.kql/1'),
  query: z.string(),
  /** The value of now(). */
  now: z.iso.datetime(),
  /** Files with their digests, the VM whose logs were asked, or a cluster. */
  source: z.object({
    files: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() })).optional(),
    machine: z.string().optional(),
    /** The cluster that was asked, with its id of the request (`x-ms-activity-id`) and cordon's (ClientActivityId). */
    cluster: z
      .object({
        uri: z.string(),
        database: z.string(),
        activityId: z.string(),
        clientRequestId: z.string(),
        /** Where the evidence is there: one stored table for each table of a file. */
        stored: z.array(
          z.object({
            name: z.string(),
            table: z.string(),
            file: z.string(),
            sha256: z.string(),
            /** As the cluster counts them, and as many as were sent. */
            rows: z.number().int(),
            /** How they were sent. */
            way: z.enum(['inline', 'queued']),
            /** It was written for this query, and not before. */
            written: z.boolean(),
          }),
        ),
      })
      .optional(),
    /** Of the tables that were read: how many rows the query can depend on. */
    tables: z.array(z.object({ name: z.string(), rows: z.number().int() })).optional(),
  }),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** In the order of the columns. Datetimes are ISO 8601 with up to 7 digits, timespans d.hh:mm:ss, dynamics JSON text. */
  rows: z.array(z.array(cell)),
  /** How many rows the result has; more than `rows` holds when --limit cut it. */
  total: z.number().int(),
  /** Why there are more rows than `total`; absent where there are none. */
  partial: z.string().optional(),
  /** What `render` asks for, where the query has one: the chart is drawn by the program that shows the rows. */
  visualization: z
    .object({
      kind: z.string(),
      title: z.string().optional(),
      xColumn: z.string().optional(),
      yColumns: z.array(z.string()).optional(),
      series: z.array(z.string()).optional(),
      xTitle: z.string().optional(),
      yTitle: z.string().optional(),
      yMin: z.number().optional(),
      yMax: z.number().optional(),
      layout: z.string().optional(),
    })
    .optional(),
  /** What the answer does not include, or had to leave out of the evidence. */
  notes: z.array(z.string()),
});

export type QueryDocument = z.infer<typeof queryDocument>;
