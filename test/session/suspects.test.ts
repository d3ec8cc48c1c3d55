import { describe, expect, test } from 'vitest';
import type { ScanRow } from '../../src/documents/triage.ts';
import type { SessionState } from '../../src/session/state.ts';
import { cursorAt, filterAndSort, visibleRows } from '../../src/session/suspects.ts';
import { suspect, suspects, unknown } from '../views/fixtures/incident.ts';

const names = (rows: readonly ScanRow[]) => rows.map((row) => row.name);

describe('filter', () => {
  test.each([
    ['', 6],
    ['SQL', 1],
    ['rg-ci', 1],
    ['3389', 4],
    ['ubuntu', 1],
    ['nothing of the kind', 0],
  ])('%s keeps %d VMs', (filter, count) => {
    expect(filterAndSort(suspects(), filter, 'suspicion')).toHaveLength(count);
  });

  test('! keeps the others, and alone keeps all', () => {
    expect(names(filterAndSort(suspects(), '!3389', 'name'))).toEqual(['app03', 'lin-build']);
    expect(filterAndSort(suspects(), '!', 'name')).toHaveLength(6);
  });
});

describe('a filter that is typed letter by letter', () => {
  const texts = ['', 'W', 'we', 'Web', 'w', 'sql', '!3', '!33', '!', '33', 'ΑΣ', 'ΑΣΑ', 'wb1', 'w1', 'nothing', ''];

  test('shows at each letter what it shows at once', () => {
    const rows = [...suspects(), suspect('ασα1', 3)];
    const scan: SessionState['scan'] = { rows, notSeen: [], state: 'done', because: '', asOf: '', notListed: null };
    const state = { scan, sort: 'name' as const, reversed: false };
    for (const filter of texts) {
      const expected = rows.filter((row) => filterAndSort([row], filter, 'name').length === 1).map((row) => row.name);
      expect(names(visibleRows({ ...state, filter })).toSorted()).toEqual(expected.toSorted());
    }
  });
});

describe('the cursor', () => {
  test('is at its VM whatever is listed, and first where its VM is not', () => {
    const rows = Array.from({ length: 40 }, (_, at) => suspect(`vm${at}`, at % 3));
    const scan: SessionState['scan'] = { rows, notSeen: [], state: 'done', because: '', asOf: '', notListed: null };
    const lists = ['', '1', '11', '1', '', '3'].flatMap((filter) =>
      (['name', 'suspicion'] as const).map((sort) => ({ scan, filter, sort, reversed: false })),
    );
    for (const list of lists)
      for (const selected of [0, 39, 11, 12, 31, 30, 5]) {
        const selectedVm = rows[selected]?.id ?? null;
        const place = visibleRows(list).findIndex(({ id }) => id === selectedVm);
        expect(cursorAt({ ...list, selectedVm })).toBe(Math.max(0, place));
      }
    expect(cursorAt({ scan: { ...scan, rows: [] }, filter: '', sort: 'name', reversed: false, selectedVm: 'x' })).toBe(
      0,
    );
  });
});

describe('sort', () => {
  test('by suspicion, name, failed logons, patches, backup', () => {
    expect(names(filterAndSort(suspects(), '', 'suspicion')).slice(0, 2)).toEqual(['web01', 'sql02']);
    expect(names(filterAndSort(suspects(), '', 'name'))[0]).toBe('app03');
    expect(names(filterAndSort(suspects(), '', 'failed logons'))[0]).toBe('lin-build');
    expect(names(filterAndSort(suspects(), '', 'patches'))[0]).toBe('sql02');
    // Never and unknown are older than anything.
    expect(names(filterAndSort(suspects(), '', 'backup')).slice(0, 3)).toEqual(['legacy7', 'lin-build', 'web01']);
  });

  test('names with numbers stand as people count, equal scores by name', () => {
    const rows = ['vm10', 'vm9', 'vm1'].map((name) => suspect(name, 5));
    expect(names(filterAndSort(rows, '', 'suspicion'))).toEqual(['vm1', 'vm9', 'vm10']);
  });

  test('names stand in the order of a dictionary that counts numbers by their value', () => {
    const parts = ['web', 'WEB-', 'sql_', 'a.b', '0', '7', '07', '10', '010', '-', '_', '.', 'z'];
    const made = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => `${a}${b}${c}`)));
    const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
    const sorted = names(
      filterAndSort(
        made.map((name) => suspect(name, 5)),
        '',
        'name',
      ),
    );
    const wrong = sorted.filter((name, at) => at > 0 && collator.compare(sorted[at - 1] ?? '', name) > 0);
    expect(wrong).toEqual([]);
  });

  test('the other way round, equal ones stay by name', () => {
    const rows = ['b', 'a', 'c'].map((name) => suspect(name, name === 'c' ? 9 : 5));
    expect(names(filterAndSort(rows, '', 'suspicion', true))).toEqual(['a', 'b', 'c']);
    expect(names(filterAndSort(rows, '', 'suspicion'))).toEqual(['c', 'a', 'b']);
  });

  test('what is not known of logons comes last, not among the quiet ones', () => {
    const rows = [suspect('a', 0, { worstBurst: unknown('no logs') }), suspect('b', 0)];
    expect(names(filterAndSort(rows, '', 'failed logons'))).toEqual(['b', 'a']);
  });
});
