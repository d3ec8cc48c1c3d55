import { fieldText, instantOf, type Reporter } from './reporter.ts';
import { windowsLogon } from './windows.ts';

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
