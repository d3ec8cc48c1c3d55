import { printable } from '../text/printable.ts';
import type { Damage } from './damage.ts';

/** A log names so many of its computers: where it names as many there may be more. */
export const mostComputers = 50;

/** The computers of a log as it names them. */
export const namedComputers = (names: Iterable<string>): string[] =>
  [...names].slice(0, mostComputers).map((name) => printable(name, 64));

/** An event log that was read, with what it holds of logons. */
export interface LogonLog {
  path: string;
  bytes: number;
  /** Of the very bytes that were read, lower case. */
  sha256: string;
  records: number;
  /** Of them, those that no matching checksum covers. */
  unverified: number;
  /** Was the log written to when it was copied? */
  dirty: boolean;
  /** The first thousand places where it is damaged; `damages` counts them all. */
  damaged: Damage[];
  damages: number;
  failures: number;
  successes: number;
  /** Other events of it that report logons: Kerberos, NTLM, explicit credentials, OpenSSH's and Remote Desktop's own. */
  others?: number;
  /** TimeCreated of its first and its last record, ISO 8601 UTC; null when there is none. */
  first: string | null;
  last: string | null;
  /** The log that its first record was written to: "Security"; "" when it has no record. */
  channel: string;
  /** Computers that wrote the events of logons; of a log without any, the one that wrote its first record. */
  computers: string[];
  /** What has to be said of its times and lines, of a log of text. */
  notes?: string[];
}
