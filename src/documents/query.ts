import * as z from 'zod';

const cell: z.ZodType = z.union([z.null(), z.boolean(), z.number(), z.string()]);

/** `cordon kql --json`: the rows that a query gave, and what it was asked of. */
export const queryDocument = z.object({
  schema: z.literal('cordon.kql/1'),
  query: z.string(),
  /** The value of now(). */
  now: z.iso.datetime(),
  /** Files with their digests, or the VM whose logs were asked. */
  source: z.object({
    files: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() })).optional(),
    machine: z.string().optional(),
    /** Of the tables that were read: how many rows the query can depend on. */
    tables: z.array(z.object({ name: z.string(), rows: z.number().int() })).optional(),
  }),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** In the order of the columns. Datetimes are ISO 8601 with up to 7 digits, timespans d.hh:mm:ss, dynamics JSON text. */
  rows: z.array(z.array(cell)),
  /** How many rows the result has; more than `rows` holds when --limit cut it. */
  total: z.number().int(),
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
