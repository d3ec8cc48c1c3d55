import { columnsOf } from '../../kql/table-schemas.ts';
import type { LineLog, LineReader } from './line-reader.ts';

/**
 * The columns of Log Analytics' table for the fields of IIS' W3C log (learn.microsoft.com/azure/azure-monitor/reference/tables/w3ciislog, 2024-07-30;
 * /windows/win32/http/w3c-logging, 2021-01). Times are UTC. It keeps "-" for nothing and "+" for a blank, as that table does.
 */
const columnOf: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'c-ip': 'cIP',
    'cs-bytes': 'csBytes',
    'cs-host': 'csHost',
    'cs-method': 'csMethod',
    // The log of HTTP.sys has path and query in one (HTTPERR).
    'cs-uri': 'csUriStem',
    'cs-uri-query': 'csUriQuery',
    'cs-uri-stem': 'csUriStem',
    'cs-username': 'csUserName',
    'cs-version': 'csVersion',
    'cs(cookie)': 'csCookie',
    'cs(referer)': 'csReferer',
    'cs(user-agent)': 'csUserAgent',
    's-computername': 'Computer',
    's-ip': 'sIP',
    's-port': 'sPort',
    's-sitename': 'sSiteName',
    'sc-bytes': 'scBytes',
    'sc-status': 'scStatus',
    'sc-substatus': 'scSubStatus',
    'sc-win32-status': 'scWin32Status',
    'time-taken': 'TimeTaken',
  }),
);

/** Fields that a responder adds behind a proxy (IIS 8.5, "Enhanced Logging"), which the table has no column for. */
const further: ReadonlyMap<string, string> = new Map(
  ['X-Forwarded-For', 'X-Original-Host', 'CF-Connecting-IP', 'True-Client-IP', 'X-Real-IP', 'X-Azure-ClientIP'].map(
    (name) => [name.toLowerCase(), name.replaceAll('-', '_')],
  ),
);

const mostFields = 200;

/** Directives can come again, where the service was started anew or its fields were changed. */
function reader(): LineReader {
  let columns: readonly (string | undefined)[] = [];
  let [dateAt, timeAt] = [-1, -1];
  let isOther = false;
  return (line) => {
    if (line.startsWith('#')) {
      const named = /^#Fields:\s*(\S.*)$/.exec(line)?.[1];
      // Of a service with fields of its own, and times of an unnamed zone.
      if (/^#Software: Microsoft Windows Firewall\b/.test(line)) isOther = true;
      if (isOther) return null;
      if (named === undefined)
        return /^#(?:Software|Version|Date|Start-Date|End-Date|Remark):/.test(line) ? 'directive' : null;
      const fields = named.trim().toLowerCase().split(/\s+/, mostFields);
      columns = fields.map((field) => columnOf.get(field) ?? further.get(field));
      [dateAt, timeAt] = [fields.indexOf('date'), fields.indexOf('time')];
      return 'directive';
    }
    const values = line.split(' ', mostFields + 1);
    const [date = '', time = ''] = [values[dateAt], values[timeAt]];
    if (values.length !== columns.length || !/^\d{4}-\d\d-\d\d$/.test(date) || !/^\d\d:\d\d:\d\d$/.test(time))
      return null;
    const row = new Map([['TimeGenerated', `${date}T${time}Z`]]);
    for (const [place, column] of columns.entries()) if (column !== undefined) row.set(column, values[place] ?? '');
    return row;
  };
}

export const iisLog: LineLog = {
  table: 'W3CIISLog',
  columns: { ...columnsOf('W3CIISLog'), ...Object.fromEntries([...further.values()].map((name) => [name, 'string'])) },
  reader,
};
