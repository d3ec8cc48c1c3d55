import type { ColumnType } from '../../kql/types.ts';

/** The columns of a table, by name. */
export type Columns = ReadonlyMap<string, ColumnType>;

/** A table that a rule is about, and what of it. */
export interface Leg {
  table: string;
  /** Logs of Windows; all when absent. */
  channels?: readonly string[];
  eventIds?: readonly number[];
  /** A text that the event's data must not contain. */
  without?: string;
  facilities?: readonly string[];
  /** Names of syslog programs. */
  programs?: readonly string[];
  /** Texts that the message has to contain. */
  message?: readonly string[];
  /** Kinds of action of Defender's tables; all when absent. */
  actions?: readonly string[];
  /** A column with paths, of which only those of Linux are meant: they begin with a slash. */
  unixPath?: string;
  /** How the events have their fields: the names of Sysmon, those of event 4688, the channel's own, … */
  fields:
    | 'windows'
    | 'process-4688'
    | 'elements'
    | 'spaced'
    | 'antivirus'
    | 'syslog'
    | 'sysmon-linux'
    | 'auditd'
    | 'columns'
    | 'web'
    | 'defender';
}
