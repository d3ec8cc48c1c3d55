import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { neededColumns } from '../../src/kql/needed.ts';
import { tableFromRows } from '../../src/kql/table.ts';

// The tables and the answers are those of https://learn.microsoft.com/kusto/query/find-operator, of 2025-01-20.

const session = 'acbd207d-51aa-4df7-bfa7-be70eb68f04e';
const table = (name: string, columns: string[], rows: string[][]) =>
  tableFromRows(
    name,
    rows.map((row) => Object.fromEntries(columns.map((c, i) => [c, row[i] ?? '']))),
    Object.fromEntries(columns.map((c) => [c, 'string' as const])),
  );
const tables = [
  table(
    'EventsTable1',
    ['Session_Id', 'Level', 'EventText', 'Version'],
    [
      [session, 'Information', 'Some Text1', 'v1.0.0'],
      [session, 'Error', 'Some Text2', 'v1.0.0'],
      ['28b8e46e-3c31-43cf-83cb-48921c3986fc', 'Error', 'Some Text3', 'v1.0.1'],
      ['8f057b11-3281-45c3-a856-05ebb18a3c59', 'Information', 'Some Text4', 'v1.1.0'],
    ],
  ),
  table(
    'EventsTable2',
    ['Session_Id', 'Level', 'EventText', 'EventName'],
    [
      ['f7d5f95f-f580-4ea6-830b-5776c8d64fdd', 'Information', 'Some Other Text1', 'Event1'],
      [session, 'Information', 'Some Other Text2', 'Event2'],
      [session, 'Error', 'Some Other Text3', 'Event3'],
      ['15eaeab5-8576-4b58-8fc6-478f75d8fee4', 'Error', 'Some Other Text4', 'Event4'],
    ],
  ),
  tableFromRows('Others', [{ Id: 7, Version: 3 }], { Id: 'long', Version: 'long' }),
];
const run = (query: string) => evaluate(query, tables, { now: new Date(0) });
const rows = (query: string): Json[][] => logAnalyticsRows(run(query));
const bag = (value: Json | undefined): unknown => JSON.parse(String(value));

describe('find', () => {
  it('projects columns that not every table has, and packs the rest', () => {
    const found = rows(`find in (EventsTable1, EventsTable2)
     where Session_Id == '${session}' and Level == 'Error'
     project EventText, Version, EventName, pack_all()`);
    expect(found.map((row) => row.slice(0, 4))).toEqual([
      ['EventsTable1', 'Some Text2', 'v1.0.0', ''],
      ['EventsTable2', 'Some Other Text3', '', 'Event3'],
    ]);
    for (const row of found) expect(bag(row[4])).toEqual({ Session_Id: session, Level: 'Error' });
  });

  it('asks each table for what it has of the predicate', () => {
    const query = "find in (Events*) where Version == 'v1.0.0' or EventName == 'Event1' project Version, EventName";
    expect(rows(query)).toEqual([
      ['EventsTable1', 'v1.0.0', ''],
      ['EventsTable1', 'v1.0.0', ''],
      ['EventsTable2', '', 'Event1'],
    ]);
  });

  it('shows the columns that all have, leaves out tables without those asked of, and packs the others', () => {
    const { columns } = run(`find Session_Id == '${session}'`);
    expect(columns.map((c) => c.name)).toEqual(['source_', 'Session_Id', 'Level', 'EventText', 'pack_']);
    expect(rows(`find Session_Id == '${session}'`).map((row) => [row[0], row[3], bag(row[4])])).toEqual([
      ['EventsTable1', 'Some Text1', { Version: 'v1.0.0' }],
      ['EventsTable1', 'Some Text2', { Version: 'v1.0.0' }],
      ['EventsTable2', 'Some Other Text2', { EventName: 'Event2' }],
      ['EventsTable2', 'Some Other Text3', { EventName: 'Event3' }],
    ]);
    expect(rows(`find Session_Id == '${session}' project-smart`)).toEqual(rows(`find Session_Id == '${session}'`));
    expect(rows(`find Session_Id == '${session}' project pack_all()`).map((row) => bag(row[1]))[0]).toEqual({
      Session_Id: session,
      Level: 'Information',
      EventText: 'Some Text1',
      Version: 'v1.0.0',
    });
  });

  it('seeks a bare text in every column, under the name of the table that is wanted', () => {
    expect(rows('find withsource=Where where "Text4" | project Where')).toEqual([['EventsTable1'], ['EventsTable2']]);
    expect(rows('find in (EventsTable1) where * has "Text4" | count')).toEqual([[1]]);
    expect(rows('let Few = view () { EventsTable1 | take 1 }; find in (Few) where Level != "" | count')).toEqual([[1]]);
  });

  it('refuses a column of several types, and takes the one that is projected with its type', () => {
    expect(() => rows('find in (EventsTable1, Others) where Version == 3 project Version:string')).toThrow(
      /'Version' as string and long/,
    );
    expect(() => rows('find in (EventsTable1, Others) where Id == 7 or Level == "x" project Version')).toThrow(
      /project Version:string/,
    );
    expect(rows('find in (EventsTable1, Others) where Id == 7 or Level == "x" project Version:string')).toEqual([
      ['Others', '3'],
    ]);
  });

  it('reads every column of the tables that it asks', () => {
    const needed = neededColumns('find in (Others) where Id == 7', tables);
    expect([...needed.keys()]).toEqual(['Others']);
    expect([...(needed.get('Others') ?? [])].sort()).toEqual(['Id', 'Version']);
  });
});
