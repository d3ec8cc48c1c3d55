import * as z from 'zod';
import { factOf, instant } from './fact-schema.ts';
import { logons } from './triage.ts';

const eventLogReport = z.object({
  path: z.string(),
  bytes: z.int(),
  /** SHA-256 of the bytes that were read, lower case. */
  sha256: z.string(),
  records: z.int(),
  /** Of them, those that no matching checksum covers: shown, but no proof. */
  unverified: z.int(),
  /** Failed and successful logons among them, as the file has them: an event that another file has too counts in both. */
  failures: z.int(),
  successes: z.int(),
  /**
   * Other events of it that report logons: Kerberos (4768, 4771), NTLM (4776), explicit credentials (4648), OpenSSH's and
   * Remote Desktop's own. The failed ones among them count in `logons`.
   */
  others: z.int().optional(),
  /** TimeCreated of the first and the last record; null when there is none. */
  first: instant.nullable(),
  last: instant.nullable(),
  /** The log that the first record was written to, "Security"; "" when there is no record. Of text "syslog" or "journal". */
  channel: z.string(),
  computers: z.array(z.string()),
  /** Was the log in use when it was copied? */
  dirty: z.boolean(),
  /** The first thousand places; `damages` counts all. `offset` is in bytes from the beginning of the file. */
  damaged: z.array(z.object({ offset: z.int(), because: z.string() })),
  damages: z.int(),
  /** What has to be said of the times and lines of a log of text: a year that was derived, lines of no known form. */
  notes: z.array(z.string()).optional(),
});
export type EventLogReport = z.infer<typeof eventLogReport>;

/** `cordon evtx FILE… --json`: what exported event logs say of logons. */
export const evtxDocument = z.object({
  schema: z.literal('cordon.evtx/1'),
  files: z.array(eventLogReport),
  /** Files that could not be read at all. */
  unread: z.array(z.object({ path: z.string(), because: z.string() })),
  /** Besides the logs, where folders or archives were named. */
  besides: z
    .object({
      /** Archives on disk that were opened, as they are stored. */
      archives: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
      /** Exports that `cordon kql --evidence` reads: how many files each table has. */
      tables: z.array(z.object({ table: z.string(), files: z.int() })),
      /** Exports of no table that is known. */
      tableless: z.array(z.string()),
      /** Evidence that other programs read, by its kind; `paths` are the first twenty. */
      artifacts: z
        .array(
          z.object({
            what: z.string(),
            cure: z.string(),
            files: z.int(),
            bytes: z.int(),
            paths: z.array(z.string()),
          }),
        )
        .optional(),
      /** Other files, by the ending of their names. */
      others: z.array(z.object({ ending: z.string(), files: z.int() })),
    })
    .optional(),
  logons: factOf(logons),
  /** Distinct source addresses, and accounts, of the failures. */
  addresses: z.int(),
  accounts: z.int(),
});
export type EvtxDocument = z.infer<typeof evtxDocument>;
