import { expect, it } from 'vitest';
import type { ScanRow } from '../../src/documents/triage.ts';
import { columns } from '../../src/words/suspects-columns.ts';
import { suspect } from '../views/fixtures/incident.ts';

const cell = (value: NonNullable<Extract<ScanRow['worstBurst'], { state: 'known' }>['value']>): string | undefined => {
  const row = suspect('w1', 0, {
    worstBurst: { state: 'known', value, source: 's', asOf: '2026-11-23T02:20:11Z', coverage: 'c', notSeen: [] },
  });
  const look = {
    now: new Date('2026-11-23T02:20:11Z'),
    busy: false,
    newer: undefined,
    locked: false,
    reached: undefined,
  };
  return columns
    .find(({ sort }) => sort === 'failed logons')
    ?.tell(row, look)
    .text.trim();
};

it('the cell of failed logons names the kind, or who connected where no source is known', () => {
  const burst = { failures: 12, totalFailures: 12, accounts: 1, succeeded: false };
  expect(cell({ ...burst, kind: 'unattributed' })).toBe('12  no success, unknown source');
  const witnesses = [{ address: '203.0.113.9', events: 12, source: 'RdpCoreTS 140, wrong name or password' }];
  expect(cell({ ...burst, kind: 'unattributed', witnesses })).toBe('12  no success, 203.0.113.9 (by time)');
  expect(cell({ ...burst, kind: 'distributed-spray', accounts: 60 })).toBe('12  no success, distributed spray');
});
