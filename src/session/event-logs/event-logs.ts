import type { Fact } from '../../documents/fact.ts';
import type { EventsAround } from '../../documents/traces.ts';
import type { Logons, VirtualMachine } from '../../documents/triage.ts';

/** An exported event log that was read, as the case file names it. */
export interface EventLogFile {
  path: string;
  bytes: number;
  /** Of the file as it was read, lower case. */
  sha256: string;
  records: number;
  /** Places where it is damaged. */
  damaged: number;
}

/** What exported event logs say of one VM. */
export interface OpenedLogs {
  /** "Security.evtx"; of a log that does not fit with whose it is: "fs.evtx, a log of fs01". */
  name: string;
  /** As old as the last event in the files. */
  logons: Fact<Logons>;
  files: readonly EventLogFile[];
  /** Why it does not fit this VM, by its computer or its period: "log of fs01, ends 2021-05-21"; "" when it does. */
  doubt: string;
  /** The events next to an instant (ISO 8601 UTC), read from the files again. */
  around(instant: string, signal: AbortSignal): Promise<Fact<EventsAround>>;
}

/** Reads exported event logs. */
export interface EventLogs {
  /**
   * What the files that a user named say of logons, whosever they are: the lines of `cordon evtx`. `onProgress` and
   * rejections as for `open`.
   */
  report(typed: string, onProgress: (fraction: number) => void, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Opens the files that a user named: one path, or several, quoted where they hold blanks. `onProgress` gets 0 to 1.
   * Rejects with a sentence that names the file when nothing could be read.
   */
  open(
    typed: string,
    vm: VirtualMachine,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<OpenedLogs>;
  /** Completes the last path as far as the names of files agree; `choices` are the names where they do not. */
  complete(typed: string): Promise<{ text: string; choices: string[] }>;
}
