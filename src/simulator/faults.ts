import * as z from 'zod';
import { printable } from '../text/printable.ts';

const pattern = z
  .string()
  .max(500)
  .refine(
    (value) => {
      try {
        new RegExp(value);
        return true;
      } catch {
        return false;
      }
    },
    { error: 'expected a regular expression' },
  );

const failure = z.strictObject({ code: z.string().min(1), message: z.string().default('The operation failed.') });

const headerName = z.string().regex(/^[\w-]{1,100}$/, { error: 'expected the name of a header' });
const headerValue = z
  .string()
  .max(16_384)
  .regex(/^[\t\u0020-\u007e]*$/, { error: 'expected a header of printable ASCII' });

/** What goes wrong. */
const effect = z.union(
  [
    /** An error answer instead of the real one. `retryAfter` in seconds; `details` are the errors behind it. */
    z.strictObject({
      status: z.int().min(400).max(599),
      code: z.string().min(1),
      message: z.string().default('The request failed.'),
      retryAfter: z.number().min(0).optional(),
      headers: z.record(headerName, headerValue).optional(),
      details: z.array(z.record(z.string(), z.unknown())).max(100).optional(),
    }),
    /** The answer comes later, by real milliseconds. */
    z.strictObject({ delayMs: z.number().min(0).max(600_000) }),
    /** The connection breaks: before anything is done, or after it was done and only the answer is lost. */
    z.strictObject({ drop: z.union([z.literal(true), z.literal('answer')]) }),
    /**
     * The request is done and another answer comes: a gateway's 5xx, a proxy's page. With `azures` false it lacks
     * Azure's ids, as what does not come from Azure.
     */
    z.strictObject({
      replace: z.strictObject({
        status: z.int().min(200).max(599),
        body: z.string().max(100_000).default(''),
        contentType: z.string().max(200).default('text/html'),
        azures: z.boolean().default(false),
      }),
    }),
    /**
     * The answer lacks the properties of that name, at any depth, without regard to case; with `value` they have it instead.
     */
    z.strictObject({ property: z.strictObject({ name: z.string().min(1).max(100), value: z.json().optional() }) }),
    /** The connection breaks after so many bytes of a blob's answer. */
    z.strictObject({ tear: z.int().min(0) }),
    /** The blobs of the disks become others. */
    z.strictObject({ changeBlobs: z.literal(true) }),
    /** The request arrives twice, and the second answer comes. */
    z.strictObject({ repeat: z.literal(true) }),
    /** The request is refused until a token with more claims comes (a second factor, a revoked session). */
    z.strictObject({ challenge: z.literal(true) }),
    /** All tokens issued so far stop being accepted. */
    z.strictObject({ expireTokens: z.literal(true) }),
    /** The same, and so many requests for another are never answered. */
    z.strictObject({ withholdTokens: z.int().min(1).max(1000) }),
    /** The long-running operation that the request starts ends badly. */
    z.strictObject({ failOperation: failure }),
    /** The long-running operation that the request starts is cancelled by another user. */
    z.strictObject({ cancelOperation: z.literal(true) }),
    /** The long-running operation that the request starts never ends. */
    z.strictObject({ hangOperation: z.literal(true) }),
  ],
  {
    error:
      'expected one of { status, code }, { delayMs }, { drop }, { replace }, { property }, { tear }, { changeBlobs }, { repeat }, { challenge }, { expireTokens }, { withholdTokens }, { failOperation }, { cancelOperation }, { hangOperation }',
  },
);

const faultSchema = z.strictObject({
  match: z
    .strictObject({
      method: z
        .string()
        .regex(/^(GET|PUT|POST|PATCH|DELETE|HEAD)$/, { error: 'expected GET, PUT, POST, PATCH, DELETE or HEAD' })
        .optional(),
      /** Regular expression over path and query, without case. */
      path: pattern.optional(),
      /** Permission that the request needs, `Microsoft.Network/networkInterfaces/write`; `*` stands for any text. */
      operation: z.string().max(300).optional(),
    })
    .default({}),
  /** How many matching requests are hit. Absent: all. */
  times: z.int().min(1).optional(),
  /** How many matching requests pass first. */
  after: z.int().min(0).optional(),
  effect,
});

export type Fault = z.infer<typeof faultSchema>;
export type FaultEffect = Fault['effect'];

const fileSchema = z.union([
  z.array(faultSchema).max(1000),
  z.strictObject({ schema: z.literal('cordon.faults/1').optional(), faults: z.array(faultSchema).max(1000) }),
]);

/** A list of faults that cannot be used; one line. */
export class FaultsError extends Error {
  override readonly name = 'FaultsError';
}

/**
 * Checks a list of faults, or `{ "schema": "cordon.faults/1", "faults": […] }`. Throws FaultsError, one line with the
 * source's name, the place and what was expected.
 */
export function checkFaults(value: unknown, source: string): Fault[] {
  const schema = Array.isArray(value) ? z.array(faultSchema).max(1000) : fileSchema;
  const read = schema.safeParse(value);
  if (read.success) return Array.isArray(read.data) ? read.data : read.data.faults;
  const issue = read.error.issues[0];
  const place = (issue?.path ?? []).map(String).join('.');
  throw new FaultsError(
    `${printable(source, 256)}: ${printable(place === '' ? '' : `${place}: `, 120)}${printable(issue?.message ?? 'not a list of faults', 300)}`,
  );
}

/** Reads a file of faults (JSON). Throws FaultsError, one line. */
export function parseFaults(text: string, fileName: string): Fault[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FaultsError(
      `${printable(fileName, 256)}: ${printable(error instanceof Error ? error.message : 'not JSON', 200)}`,
    );
  }
  return checkFaults(value, fileName);
}

interface Armed {
  fault: Fault;
  path: RegExp | undefined;
  operation: RegExp | undefined;
  seen: number;
  hit: number;
}

/** The faults in force, each with how often it has matched. */
export class FaultPlan {
  #armed: Armed[] = [];

  constructor(faults: Fault[] = []) {
    this.add(faults);
  }

  add(faults: Fault[]): void {
    for (const fault of faults) {
      const { path, operation } = fault.match;
      const action = operation?.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
      this.#armed.push({
        fault,
        path: path === undefined ? undefined : new RegExp(path, 'i'),
        operation: action === undefined ? undefined : new RegExp(`^${action}$`, 'i'),
        seen: 0,
        hit: 0,
      });
    }
  }

  clear(): void {
    this.#armed = [];
  }

  /** What befalls a request. `target` is path and query. */
  befall(method: string, target: string, operation: string): FaultEffect[] {
    const effects: FaultEffect[] = [];
    for (const armed of this.#armed) {
      const { match, times, after } = armed.fault;
      if (match.method !== undefined && match.method !== method) continue;
      if (armed.path !== undefined && !armed.path.test(target)) continue;
      if (armed.operation !== undefined && !armed.operation.test(operation)) continue;
      armed.seen += 1;
      if (armed.seen <= (after ?? 0) || armed.hit >= (times ?? Number.POSITIVE_INFINITY)) continue;
      armed.hit += 1;
      effects.push(armed.fault.effect);
    }
    return effects;
  }
}
