import { textOf } from '../shapes/export-shape.ts';
import { fieldText, instantOf, processIdOf, type Reporter } from './reporter.ts';
import { windowsLogon } from './windows.ts';

const mostFields = 200;

/**
 * Velociraptor's Linux.Forensics.Journal (its definition, 13a165a5): an entry a row, its fields as `NAME=value`, of the first objects of each
 * file, and without those that are packed.
 */
export const linuxJournal: Reporter = {
  name: 'Velociraptor’s Journal',
  lacks: 'entries beyond the first objects of each journal, and those that are packed or that a client could not read',
  lineOf: (row) => {
    const data = row.get('Data');
    if (!Array.isArray(data)) return null;
    const fields = new Map(
      data.slice(0, mostFields).map((one): [string, string] => {
        const text = textOf(one);
        return [text.replace(/=.*$/s, ''), text.replace(/^[^=]*=/s, '')];
      }),
    );
    return {
      line: {
        program: fieldText(fields, 'SYSLOG_IDENTIFIER', '_COMM'),
        message: fieldText(fields, 'MESSAGE'),
        computer: fieldText(fields, '_HOSTNAME'),
        processId: processIdOf(fieldText(fields, '_PID', 'SYSLOG_PID')),
      },
      at: () => instantOf(row.get('Timestamp')),
    };
  },
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
