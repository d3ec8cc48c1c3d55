import type { Ticks } from '../../triage/logons/ticks.ts';
import { ticksOfUnix } from '../../triage/logons/ticks.ts';
import { at, type Fields, textOf } from '../shapes/export-shape.ts';
import { jsonDate } from '../shapes/power-shell.ts';
import { fieldText, instantOf, type Reporter, valueText } from './reporter.ts';
import { windowsLogon } from './windows.ts';

/**
 * Where an event of the provider Microsoft-Windows-Security-Auditing has its data (its manifest, as "4625(F)" and "4624(S)" of
 * learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing print it, 2021-09; later versions add to the end).
 */
export const places: ReadonlyMap<number, ReadonlyMap<string, number>> = new Map([
  [
    4625,
    new Map(
      Object.entries({
        TargetUserName: 5,
        TargetDomainName: 6,
        Status: 7,
        SubStatus: 9,
        LogonType: 10,
        ProcessName: 18,
        IpAddress: 19,
      }),
    ),
  ],
  [
    4624,
    new Map(Object.entries({ TargetUserName: 5, TargetDomainName: 6, LogonType: 8, ProcessName: 17, IpAddress: 18 })),
  ],
]);

/** Labels of the English message, under the heading of their part where they are in several. */
const labels: ReadonlyMap<string, string> = new Map([
  ['Account Name', 'TargetUserName'],
  ['Account Domain', 'TargetDomainName'],
]);
const others: ReadonlyMap<string, string> = new Map([
  ['Logon Type', 'LogonType'],
  ['Status', 'Status'],
  ['Sub Status', 'SubStatus'],
  ['Source Network Address', 'IpAddress'],
  ['Process Name', 'ProcessName'],
  ['Caller Process Name', 'ProcessName'],
]);
/** The message has it behind the names of account and workstation, which who tries a logon chooses: with a line end in it one can hold this label, too. */
const behindNames = 'IpAddress';
const ofTarget = /^(?:Account For Which Logon Failed|New Logon):/;
const mostLines = 200;

/** What the English message says. */
export function messageFields(message: string): Map<string, string> {
  const found = new Map<string, string>();
  let target = false;
  for (const line of message.split(/\r?\n/, mostLines)) {
    if (/^\S/.test(line)) target = ofTarget.test(line);
    const [, label = '', value = ''] = /^\s*([A-Z][A-Za-z ]{1,40}):\s*(.*)$/.exec(line) ?? [];
    const name = (target ? labels.get(label) : undefined) ?? others.get(label);
    if (name !== undefined && (name === behindNames || !found.has(name))) found.set(name, value.trim());
  }
  return found;
}

/** As PowerShell 5 writes a time ("/Date(1700000000000)/", alone or in `value`), or as 7 does. */
function timeOf(value: unknown): Ticks | null {
  const text = textOf(at(value, 'value') ?? value);
  const unix = jsonDate(text);
  return unix === null ? instantOf(text) : ticksOfUnix(unix);
}

/** Export-Csv writes the time of the computer that it ran on. */
const isZoneless = (value: unknown): boolean => !/(?:Z|[+-]\d\d:?\d\d|\)\/)$/.test(textOf(at(value, 'value') ?? value));

/** A value of EventLogRecord.Properties: a number where Windows has one in hexadecimal. */
const propertyText = (property: unknown, name: string): string => {
  const value = at(property, 'Value');
  return typeof value === 'number' && /Status$/.test(name) ? `0x${(value >>> 0).toString(16)}` : textOf(value);
};

function fieldOf(row: Fields, eventId: number): ((name: string) => string) | null {
  const properties = row.get('Properties');
  const own = places.get(eventId);
  if (Array.isArray(properties) && own && properties.some((one) => at(one, 'Value') !== undefined))
    return (name) => valueText(propertyText(properties[own.get(name) ?? -1], name));
  const said = messageFields(textOf(row.get('Message')));
  return said.has('TargetUserName') && said.has('LogonType') ? (name) => fieldText(said, name) : null;
}

/**
 * `Get-WinEvent … | ConvertTo-Json`, and `Export-Csv`, which keeps the message alone: EventLogRecord
 * (learn.microsoft.com/dotnet/api/system.diagnostics.eventing.reader.eventlogrecord, as of 2026-11).
 */
export const getWinEvent: Reporter = {
  lacks: 'events that Get-WinEvent was not asked for: its export does not say what that was',
  logonOf: (row) => {
    if (fieldText(row, 'LogName') !== 'Security') return null;
    const eventId = Number(fieldText(row, 'Id'));
    if (!places.has(eventId)) return null;
    const field = fieldOf(row, eventId);
    if (!field)
      return { because: 'neither its Properties (ConvertTo-Json -Depth 2) nor an English Message say whose it is' };
    const logon = windowsLogon({
      eventId,
      at: timeOf(row.get('TimeCreated')),
      computer: fieldText(row, 'MachineName'),
      recordId: fieldText(row, 'RecordId'),
      field,
    });
    return logon && !('because' in logon) && isZoneless(row.get('TimeCreated')) ? { ...logon, zoneless: true } : logon;
  },
};
