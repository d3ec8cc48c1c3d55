import type { Fields } from '../shapes/export-shape.ts';
import { deviceLogonEvents } from './defender.ts';
import type { Reporter } from './reporter.ts';

/** The columns of a row by the names that the table DeviceLogonEvents has for them. */
const names: ReadonlyMap<string, string> = new Map([
  ['Action Type', 'ActionType'],
  ['Computer Name', 'DeviceName'],
  ['Machine Id', 'DeviceId'],
  ['Account Name', 'AccountName'],
  ['Account Domain', 'AccountDomain'],
  ['Remote IP', 'RemoteIP'],
  ['Report Id', 'ReportId'],
  ['Initiating Process File Name', 'InitiatingProcessFileName'],
  ['Initiating Process Folder Path', 'InitiatingProcessFolderPath'],
]);

/**
 * The time line of a device that Defender's portal exports as CSV (its header, as public tools read it, 2024-11): the actions of
 * DeviceLogonEvents, with times in UTC and without the type of a logon.
 */
export const deviceTimeline: Reporter = {
  name: 'the time line of a device',
  lacks: deviceLogonEvents.lacks,
  logonOf: (row) => {
    const named: Fields = new Map([...row].map(([name, value]) => [names.get(name) ?? name, value]));
    return deviceLogonEvents.logonOf(new Map([...named, ['Timestamp', row.get('Event Time')]]), null);
  },
};
