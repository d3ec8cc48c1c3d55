import { eventParts } from '../exported-events/event-json.ts';
import { at, type Fields } from '../shapes/export-shape.ts';
import { fieldText, instantOf, type Reporter, type RowLogon } from './reporter.ts';
import { eventLogon, windowsLogon } from './windows.ts';

/** Documents of an aggregate that are looked at. */
const mostDocuments = 10_000;

/** The logon of a document: a whole event. */
function logonOfDocument(document: unknown): RowLogon {
  const parts = eventParts(at(document, 'data'));
  return parts && eventLogon(parts);
}

/** The files of `hunt --csv`: a row a hit, with the fields that its rule shows (rules/evtx, `fields`). */
function logonOfRow(row: Fields): RowLogon {
  // A rule that counts has one row for many events, and the times of none.
  if (fieldText(row, 'count') !== '') return null;
  const names: ReadonlyMap<string, string[]> = new Map([
    ['TargetUserName', ['User', 'Target Username', 'TargetUserName']],
    ['IpAddress', ['IP Address', 'IpAddress']],
    ['LogonType', ['Logon Type', 'LogonType']],
  ]);
  return windowsLogon({
    eventId: Number(fieldText(row, 'Event ID', 'EventID')),
    at: instantOf(row.get('timestamp')),
    computer: fieldText(row, 'Computer'),
    recordId: fieldText(row, 'Record ID', 'EventRecordID'),
    field: (name) => fieldText(row, ...(names.get(name) ?? [name])),
  });
}

/**
 * `hunt --csv`, `--json` and `--jsonl` of Chainsaw (WithSecureLabs/chainsaw src/cli.rs and src/hunt.rs, f219fadc, 2026-08-19): a detection with its
 * document, or with the documents that it counted.
 */
export const chainsaw: Reporter = {
  lacks: 'logons that no rule of Chainsaw hit: it has hits only',
  logonsOf: function* (row) {
    const documents = row.get('documents');
    if (row.has('document')) yield logonOfDocument(row.get('document'));
    else if (Array.isArray(documents))
      for (const document of documents.slice(0, mostDocuments)) yield logonOfDocument(document);
    else yield logonOfRow(row);
  },
};
