import { ReportedLines } from '../../eventlog/reported-lines.ts';
import { type Fields, textOf } from '../shapes/export-shape.ts';
import { fieldText, instantOf, type Reporter, type RowLines, type RowLogon } from './reporter.ts';
import { windowsLogon } from './windows.ts';

/**
 * Velociraptor's Linux.Forensics.Journal (its definition, 13a165a5): an entry a row, its fields as `NAME=value`, of the first objects of each
 * file, and without those that are packed.
 */
class JournalRows implements RowLines {
  readonly #lines = new ReportedLines();

  take(row: Fields): boolean | RowLogon {
    const data = row.get('Data');
    if (!Array.isArray(data)) return null;
    const fields = new Map(
      data.slice(0, mostFields).map((one): [string, string] => {
        const text = textOf(one);
        return [text.replace(/=.*$/s, ''), text.replace(/^[^=]*=/s, '')];
      }),
    );
    const message = fieldText(fields, 'MESSAGE');
    if (!this.#lines.tells({ program: fieldText(fields, 'SYSLOG_IDENTIFIER', '_COMM'), message })) return null;
    const time = instantOf(row.get('Timestamp'));
    if (time === null) return { because: 'it has no time that can be read' };
    const id = fieldText(fields, '_PID', 'SYSLOG_PID');
    const processId = /^\d{1,10}$/.test(id) ? Number(id) : null;
    const line = { at: time, computer: fieldText(fields, '_HOSTNAME'), processId, message };
    return this.#lines.take(line) || { because: 'there are more lines than are kept' };
  }

  logons() {
    return this.#lines.logons();
  }
}

const mostFields = 200;

export const linuxJournal: Reporter = {
  name: 'Velociraptor’s Journal',
  lacks: 'entries beyond the first objects of each journal, and those that are packed or that a client could not read',
  lines: () => new JournalRows(),
};

/** What the artifact writes where an event has no such field. */
const none = 'null';

const names: ReadonlyMap<string, string> = new Map([
  ['TargetUserName', 'UserName'],
  ['TargetDomainName', 'DomainName'],
  ['IpAddress', 'SourceIP'],
]);

/** Velociraptor's Windows.EventLogs.RDPAuth (its definition, Velocidex/velociraptor 3580e079): no codes, and no logons of services. */
export const rdpAuth: Reporter = {
  name: 'Velociraptor’s RDPAuth',
  lacks:
    'why logons failed, and those that RDPAuth leaves out: successes but of types 3, 7 and 10, computers’ accounts, and what its parameters excluded',
  logonOf: (row) => {
    if (fieldText(row, 'Channel') !== 'Security') return null;
    return windowsLogon({
      eventId: Number(fieldText(row, 'EventID')),
      at: instantOf(row.get('EventTime')),
      computer: fieldText(row, 'Computer'),
      recordId: fieldText(row, 'EventRecordID'),
      field: (name) => {
        const text = fieldText(row, names.get(name) ?? name);
        return text === none ? '' : text;
      },
    });
  },
};
