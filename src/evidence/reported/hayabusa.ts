import type { ReportedLogon } from '../../eventlog/reported-logons.ts';
import type { Ticks } from '../../triage/logons/ticks.ts';
import { type Fields, fieldsOf, textOf } from '../shapes/export-shape.ts';
import { type DateOrder, fieldText, instantOf, type Reporter } from './reporter.ts';
import { windowsLogon } from './windows.ts';

/** Its short names of fields in Details (Yamato-Security/hayabusa-rules, config/default_details.txt, be4ff159, 2026-08-05). */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['TargetUserName', 'TgtUser'],
  ['IpAddress', 'SrcIP'],
  ['LogonType', 'Type'],
  ['ProcessName', 'Proc'],
]);

/** What it writes for codes (config/data_mapping/Security_4625_FailedLogon.yaml, the same commit). */
const codes: ReadonlyMap<string, string> = new Map([
  ['UNKNOWN USER', '0xc0000064'],
  ['WRONG PW', '0xc000006a'],
  ['BAD USER OR PW', '0xc000006d'],
  ['NO TRANSLATIONS', '0xc0000073'],
  ['NO LOGON SERVER', '0xc000005e'],
  ['ACCOUNT RESTRICTION POLICY PREVENTED LOGON', '0xc000006e'],
  ['OUTSIDE AUTHORIZED HOURS', '0xc000006f'],
  ['UNAUTHORIZED COMPUTER', '0xc0000070'],
  ['PW EXPIRED', '0xc0000071'],
  ['ACCOUNT DISABLED', '0xc0000072'],
  ['SERVER IN WRONG STATE', '0xc00000dc'],
  ['CLOCK OUT OF SYNC WITH DC', '0xc0000133'],
  ['NO LOGON RIGHT', '0xc000015b'],
  ['TRUSTED DOMAIN FAILURE', '0xc000018c'],
  ['NETLOGON SERVICE NOT STARTED', '0xc0000192'],
  ['ACCOUNT EXPIRED', '0xc0000193'],
  ['USER REQUIRED TO CHANGE PASSWORD', '0xc0000224'],
  ['WINDOWS BUG', '0xc0000225'],
  ['ACCOUNT LOCKED', '0xc0000234'],
  ['UNFINISHED CONTEXT DELETED', '0xc00002ee'],
  ['BLOCKED BY AUTHENTICATION FIREWALL', '0xc0000413'],
]);

/** Rules that ask for one code (hayabusa/builtin/Security/LogonLogoff/Logon, Sec_4625_*). */
const byTitle: ReadonlyMap<string, string> = new Map([
  ['Logon Failure (Wrong Password)', '0xc000006a'],
  ['Logon Failure (User Does Not Exist)', '0xc0000064'],
]);

/** Of `--European-time`, `--US-military-time` and `--US-time`, which put day and month in either order; the last has AM or PM. */
const eitherOrder = /^(\d\d)-(\d\d)-(\d{4}) (\d\d)(:\d\d:\d\d(?:\.\d+)?)(?: ([AP]M))? ([+-]\d\d:\d\d)$/;

/** The order of a date: one of the numbers can be no month, or the hours are those of the United States; or it is in another form. */
function orderOfDate(text: string): DateOrder | null {
  const [, first = '', second = '', , , , noon] = eitherOrder.exec(text) ?? [];
  if (first === '') return instantOf(text) === null ? null : 'clear';
  if (noon !== undefined || Number(second) > 12) return 'month';
  return Number(first) > 12 ? 'day' : null;
}

function timeOf(text: string, order: DateOrder | null): Ticks | null {
  const match = eitherOrder.exec(text);
  if (!match) return instantOf(text);
  const [, first = '', second = '', year = '', hour = '', rest = '', noon, zone = ''] = match;
  const own = orderOfDate(text) ?? (first === second ? 'day' : order);
  if (own === null || own === 'clear') return null;
  const [day, month] = own === 'day' ? [first, second] : [second, first];
  const hours = noon === undefined ? Number(hour) : (Number(hour) % 12) + (noon === 'PM' ? 12 : 0);
  return instantOf(`${year}-${month}-${day}T${String(hours).padStart(2, '0')}${rest}${zone}`);
}

/** What a row says of the order of all dates of its file, which has them in one form, in any of its times. */
function orderOf(row: Fields): DateOrder | null {
  for (const name of ['Timestamp', 'First Attempt', 'Last Attempt', 'First Logon', 'Last Logon']) {
    const order = orderOfDate(fieldText(row, name));
    if (order) return order;
  }
  return null;
}

const mostFields = 200;
/** More has no log. */
const mostLogons = 1e9;

/** Details as JSON has them, or as CSV: "Type: 3 - NETWORK ¦ TgtUser: admin ¦ SrcIP: 203.0.113.9", a line or a tab between them by its options. */
function detailsOf(row: Fields): Fields {
  const all = new Map<string, unknown>();
  for (const name of ['Details', 'ExtraFieldInfo', 'AllFieldInfo']) {
    const given = row.get(name);
    if (typeof given !== 'string') for (const [key, value] of fieldsOf(given)) all.set(key, value);
    else
      for (const part of given.split(/ ¦ |\r?\n|\t/, mostFields)) {
        const colon = part.indexOf(': ');
        if (colon > 0) all.set(part.slice(0, colon).trim(), part.slice(colon + 2));
      }
  }
  return all;
}

/**
 * The timeline of Hayabusa, `csv-timeline` and `json-timeline` (Yamato-Security/hayabusa 188e22eb, 2026-08-03, and older): an event that a
 * rule hit is a row a rule; rules that count have no row of one event.
 */
export const hayabusa: Reporter = {
  lacks: 'logons that no rule of Hayabusa hit, or that its level or its time left out: it has hits only',
  orderOf,
  logonOf: (row, order) => {
    const channel = fieldText(row, 'Channel');
    if (channel !== 'Sec' && channel !== 'Security') return null;
    const details = detailsOf(row);
    const field = (name: string): string => {
      const text = fieldText(details, name, shortNames.get(name) ?? name);
      return codes.get(text) ?? text;
    };
    const title = byTitle.get(textOf(row.get('RuleTitle')));
    return windowsLogon({
      eventId: Number(fieldText(row, 'EventID')),
      at: timeOf(fieldText(row, 'Timestamp'), order),
      computer: fieldText(row, 'Computer'),
      recordId: fieldText(row, 'RecordID'),
      field: (name) => (name === 'SubStatus' && title !== undefined ? title : field(name)),
    });
  },
};

/**
 * `logon-summary -o`, a file of successful and one of failed logons (src/timeline/timelines.rs of the same commit): how many of an
 * account, a computer and a source there were, and the first and the last.
 */
export const hayabusaSummary: Reporter = {
  lacks:
    'when the logons between the first and the last of a row of Hayabusa’s summary were, and those of logs that it did not read',
  orderOf,
  logonOf: (row, order): ReportedLogon | null | { because: string } => {
    const failed = row.has('Failed');
    const count = Number(fieldText(row, failed ? 'Failed' : 'Successful'));
    if (!Number.isSafeInteger(count) || count < 1 || count > mostLogons)
      return { because: 'its number of logons is none' };
    const [at, last] = failed
      ? [timeOf(fieldText(row, 'First Attempt'), order), timeOf(fieldText(row, 'Last Attempt'), order)]
      : [timeOf(fieldText(row, 'First Logon'), order), timeOf(fieldText(row, 'Last Logon'), order)];
    if (at === null || last === null || last < at) return { because: 'it has no times that can be read' };
    const [computer, account] = [fieldText(row, 'Target Computer'), fieldText(row, 'Target Account')];
    const address = fieldText(row, 'Source IP Address');
    const type = /^(\d{1,2})\b/.exec(fieldText(row, 'Logon Type'))?.[1];
    return {
      at,
      computer,
      account,
      domain: fieldText(row, 'Target Domain'),
      address,
      logonType: type === undefined ? null : Number(type),
      outcome: failed ? 'failed' : 'succeeded',
      code: failed ? 'reported:' : '',
      program: '',
      id: [computer, account, address, type, at, last, count, fieldText(row, 'Source Account', 'Source Computer')].join(
        '\n',
      ),
      once: true,
      several: { count, last },
    };
  },
};
