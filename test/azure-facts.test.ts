import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import {
  type AzureFact,
  azureFacts,
  confirmEveryDays,
  dueFacts,
  ledgerPage,
  retirement,
  supportedUntil,
} from '../src/azure-facts.ts';

const fact = (changes: Partial<AzureFact>): AzureFact => ({
  id: 'x',
  fact: 'x',
  source: 'x',
  confirmed: '2026-11-29',
  read: '',
  retires: '',
  usedBy: [],
  ...changes,
});

test('the ledger is the table, written down', async () => {
  await expect(ledgerPage()).toMatchFileSnapshot('../docs/azure-facts.md');
});

test('every fact has one name, days that are days, and files that are there', () => {
  expect(new Set(azureFacts.map(({ id }) => id)).size).toBe(azureFacts.length);
  for (const { id, confirmed, retires, usedBy, source } of azureFacts) {
    for (const day of [confirmed, retires].filter(Boolean)) expect(day, id).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(source, id).not.toBe('');
    for (const file of usedBy)
      expect(existsSync(resolve(import.meta.dirname, '..', file)), `${id}: ${file}`).toBe(true);
  }
});

test('a fact is due from the day it retires, and once nobody has confirmed it for long', () => {
  const due = (on: string, changes: Partial<AzureFact>) => dueFacts(on, [fact(changes)]).map(({ why }) => why);
  expect(due('2027-09-29', { retires: '2027-09-30', confirmed: '2027-09-01' })).toEqual([]);
  expect(due('2027-09-30', { retires: '2027-09-30' })).toEqual(['retired on 2027-09-30']);
  expect(due('2027-05-28', {})).toEqual([]);
  expect(due('2027-05-29', {})).toEqual([`last confirmed ${confirmEveryDays + 1} days ago`]);
});

test('a retirement is worded from the table, past or to come, and a fact without one has none', () => {
  const now = '2026-11-23T02:20:11Z';
  expect(retirement('unmanaged-disks', now)).toBe('retired on 2026-03-31');
  expect(retirement('azure-disk-encryption', now)).toBe('retires on 2028-09-15');
  expect(retirement('azure-disk-encryption', '2028-09-15T00:00:00Z')).toBe('retired on 2028-09-15');
  expect(retirement('attack-v19', now)).toBe('');
  expect(supportedUntil('inbound-nat-rule-v1')).toBe('supported until 2027-09-30');
  expect(supportedUntil('attack-v19')).toBe('');
  expect(() => retirement('no-such-fact', now)).toThrow('no such fact');
});
