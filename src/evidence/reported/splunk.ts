import { fieldsOf as eventFields, systemOf } from '../../eventlog/log-event.ts';
import { syslogLine } from '../../syslog/syslog-line.ts';
import { type Ticks, ticksOf, ticksOfUnix } from '../../triage/logons/ticks.ts';
import { xmlElement } from '../exported-events/event-xml.ts';
import { fieldsOf, textOf } from '../shapes/export-shape.ts';
import { messageFields } from './get-winevent.ts';
import { fieldText, instantOf, type Reporter, type RowLogon } from './reporter.ts';
import { eventLogon, windowsLogon } from './windows.ts';

const longest = 256 * 1024;

/** When Splunk has an event: ISO 8601 with its zone, or seconds since 1970. */
function timeOf(value: unknown): Ticks | null {
  const text = textOf(value);
  if (/^\d{9,10}(?:\.\d{1,9})?$/.test(text)) return ticksOfUnix(0) + Math.round(Number(text) * 1e7);
  return /(?:Z|UTC|[+-]\d\d:?\d\d)$/.test(text) ? instantOf(text) : null;
}

/** An event as the add-on for Windows has it with `renderXml = true`. */
function ofXml(raw: string): RowLogon {
  const xml = xmlElement(raw);
  const system = xml && systemOf(xml, ticksOf);
  if (!system) return { because: 'its XML is no whole event' };
  return eventLogon({ system, fields: eventFields(xml) });
}

/** `WinEventLog:Security`: a name and a value a line, and the English message last. */
function ofLines(raw: string, at: Ticks | null): RowLogon {
  const cut = raw.search(/^Message=/m);
  if (cut < 0) return null;
  const named = new Map(
    raw
      .slice(0, cut)
      .split(/\r?\n/)
      .map((line): [string, string] => [line.replace(/=.*$/, ''), line.replace(/^[^=]*=/, '')]),
  );
  if (named.get('LogName') !== 'Security') return null;
  const message = messageFields(raw.slice(cut));
  if (!message.has('TargetUserName') && /^462[45]$/.test(named.get('EventCode') ?? ''))
    return { because: 'no English message says whose it is' };
  return windowsLogon({
    eventId: Number(named.get('EventCode')),
    at,
    computer: named.get('ComputerName') ?? '',
    recordId: named.get('RecordNumber') ?? '',
    field: (name) => fieldText(message, name),
  });
}

/** Events as Splunk exports them, as JSON or CSV with the field `_raw`: those of Windows, and lines of sshd and PAM. */
export const splunk: Reporter = {
  lacks: 'what the search of the export left out',
  lineOf: (given) => {
    const result = given.get('result');
    const row = result === undefined ? given : fieldsOf(result);
    const raw = textOf(row.get('_raw')).slice(0, longest).trim();
    const at = timeOf(row.get('_time'));
    if (raw.startsWith('<Event')) return ofXml(raw);
    const line = /[\n\r]/.test(raw) ? null : syslogLine(raw);
    if (!line) return ofLines(raw, at);
    const { program, message, host: computer, processId } = line;
    // Splunk knows the zone of a line that does not say it, as it was set up.
    return { line: { program, message, computer, processId }, at: () => line.at ?? at };
  },
};
