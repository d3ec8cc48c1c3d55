import { fieldsOf as eventFields, systemOf } from '../../eventlog/log-event.ts';
import { ReportedLines } from '../../eventlog/reported-lines.ts';
import { syslogLine } from '../../syslog/syslog-line.ts';
import { type Ticks, ticksOf, ticksOfUnix } from '../../triage/logons/ticks.ts';
import { xmlElement } from '../exported-events/event-xml.ts';
import { type Fields, fieldsOf, textOf } from '../shapes/export-shape.ts';
import { messageFields } from './get-winevent.ts';
import { fieldText, instantOf, type Reporter, type RowLines, type RowLogon } from './reporter.ts';
import { windowsLogon } from './windows.ts';

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
  if (system.channel !== 'Security') return null;
  const fields = new Map(eventFields(xml).map(({ name, value }) => [name, value]));
  return windowsLogon({
    eventId: system.eventId,
    at: system.time,
    computer: system.computer,
    recordId: system.recordId > 0 ? String(system.recordId) : '',
    field: (name) => fieldText(fields, name),
  });
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

class SplunkRows implements RowLines {
  readonly #lines = new ReportedLines();

  take(given: Fields): boolean | RowLogon {
    const result = given.get('result');
    const row = result === undefined ? given : fieldsOf(result);
    const raw = textOf(row.get('_raw')).slice(0, longest).trim();
    const at = timeOf(row.get('_time'));
    if (raw.startsWith('<Event')) return ofXml(raw);
    const line = /[\n\r]/.test(raw) ? null : syslogLine(raw);
    if (!line) return ofLines(raw, at);
    if (!this.#lines.tells(line)) return null;
    // Splunk knows the zone of a line that does not say it, as it was set up.
    const time = line.at ?? at;
    if (time === null) return { because: 'it has no time that can be read' };
    const { host: computer, processId, message } = line;
    return (
      this.#lines.take({ at: time, computer, processId, message }) || { because: 'there are more lines than are kept' }
    );
  }

  logons() {
    return this.#lines.logons();
  }
}

/** Events as Splunk exports them, as JSON or CSV with the field `_raw`: those of Windows, and lines of sshd and PAM. */
export const splunk: Reporter = {
  lacks: 'what the search of the export left out',
  lines: () => new SplunkRows(),
};
