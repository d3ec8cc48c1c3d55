import { columnsOf } from '../../kql/table-schemas.ts';
import type { LineLog, LineReader } from './line-reader.ts';

/** "host ident user [time] ", with the virtual host before it where it is written (Debian's vhost_combined). */
const begin =
  /^(?:([\w.-]{1,255}:\d{1,5}) )?(\S{1,255}) (\S{1,255}) (\S{1,255}|\S.{0,1022}\S) \[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\] "/;
const end = /^ (\d{3}|-) (\d{1,15}|-)(?= |$)/;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The text up to the closing quotation mark, and the place behind it; null where they are not closed. Both servers escape one within. */
function quoted(line: string, from: number): { text: string; end: number } | null {
  for (let at = from; at < line.length; at++) {
    const letter = line[at];
    if (letter === '\\') at += 1;
    else if (letter === '"') return { text: line.slice(from, at), end: at + 1 };
  }
  return null;
}

/** The method, the path, the query and the version of a request; what is none of HTTP is a path alone. */
function request(text: string): [string, string][] {
  const [method = '', ...rest] = text.split(' ');
  const version = rest.length > 1 && /^HTTP\/\d(?:\.\d)?$/.test(rest.at(-1) ?? '') ? (rest.pop() ?? '') : '';
  if (rest.length === 0 || !/^[A-Za-z-]{1,40}$/.test(method)) return [['csUriStem', text]];
  const [path = '', ...query] = rest.join(' ').split('?');
  return [
    ['csMethod', method],
    ['csUriStem', path],
    ['csUriQuery', query.length === 0 ? '-' : query.join('?')],
    ['csVersion', version],
  ];
}

const reader = (): LineReader => (line) => {
  const head = begin.exec(line);
  if (!head) return null;
  const [whole, host = '', client = '', , user = '', day, monthName = '', year, time, hours, minutes] = head;
  const month = months.indexOf(monthName) + 1;
  const asked = quoted(line, whole.length);
  const tail = asked && end.exec(line.slice(asked.end));
  if (!asked || !tail || month === 0) return null;
  const row = new Map([
    ['TimeGenerated', `${year}-${String(month).padStart(2, '0')}-${day}T${time}${hours}:${minutes}`],
    ['cIP', client],
    ['csUserName', user],
    ['csHost', host],
    ...request(asked.text),
    ['scStatus', tail[1] ?? ''],
    ['scBytes', tail[2] ?? ''],
    ['SourceSystem', 'access log'],
  ]);
  let at = asked.end + tail[0].length;
  for (const column of ['csReferer', 'csUserAgent']) {
    const found = line.startsWith(' "', at) ? quoted(line, at + 2) : null;
    if (!found) break;
    row.set(column, found.text);
    at = found.end;
  }
  return row;
};

/**
 * Requests as Apache and nginx log them, `common` and `combined` (httpd.apache.org/docs/2.4/mod/mod_log_config.html and
 * nginx.org/en/docs/http/ngx_http_log_module.html, as of 2026-11): rows of IIS' table, which queries and rules of web servers ask;
 * SourceSystem is "access log". What is escaped stays so.
 */
export const accessLog: LineLog = { table: 'W3CIISLog', columns: columnsOf('W3CIISLog'), reader };
