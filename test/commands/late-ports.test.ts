import { expect, test } from 'vitest';
import type { AzurePorts } from '../../src/commands/azure-ports.ts';
import { latePorts, type Place } from '../../src/commands/late-ports.ts';
import { suspects } from '../views/fixtures/incident.ts';
import { World } from '../views/fixtures/ports.ts';

/** A way to Azure that lists one VM, and says which way it is when it is asked. */
function wayOf(name: string, at: number, asked: string[], closed: string[]): AzurePorts {
  const { ports } = new World();
  const row = suspects()[at];
  if (!row) throw new Error('no such suspect');
  return {
    ...ports,
    reader: {
      ...ports.reader,
      scan: async () => ({ schema: 'cordon.scan/1', asOf: '2026-11-23T02:20:11Z', vms: [row], notSeen: [] }),
      triage: async (vm) => {
        asked.push(`${vm.name} by ${name}`);
        throw new Error('no more is asked here');
      },
    },
    scope: async () => name,
    check: async () => {
      if (name === 'refused') throw new Error('AADSTS50020');
    },
    choices: async () => ({ subscriptions: [], tenants: [], cases: [], gaps: [] }),
    halfDone: async () => [],
    problems: [],
    close: async () => {
      closed.push(name);
    },
  };
}

test('what is asked of a VM goes the way on which it was listed, whatever is looked at now', async () => {
  const asked: string[] = [];
  const closed: string[] = [];
  const places: Place[] = [];
  const late = latePorts(
    async (place) => {
      places.push(place);
      return wayOf(place.tenant ?? place.subscription ?? 'all', places.length - 1, asked, closed);
    },
    { simulated: true },
  );
  const signal = new AbortController().signal;
  const [first] = (await late.reader.scan(() => {}, signal)).vms;
  expect(await late.scope()).toBe('all');
  expect(await late.contexts.change({ kind: 'subscription', id: 's2', name: 'contoso-dev' })).toBe('s2');
  const [second] = (await late.reader.scan(() => {}, signal)).vms;
  expect(await late.contexts.change({ kind: 'tenant', id: 't2', name: 'fabrikam.com' })).toBe('fabrikam.com › t2');
  // All subscriptions of another tenant are looked at, not those that were wanted in the one before.
  expect(places).toEqual([{}, { subscription: 's2' }, { tenant: 't2', subscription: null }]);
  for (const row of [first, second]) {
    if (!row) throw new Error('nothing was listed');
    await expect(late.reader.triage(row.vm, () => {}, signal)).rejects.toThrow('no more');
  }
  expect(asked).toEqual([`${first?.name} by all`, `${second?.name} by s2`]);
  await late.close();
  expect(closed).toEqual(['all', 's2', 't2']);
});

test('a place that cannot be read is closed again, and the one before stays', async () => {
  const closed: string[] = [];
  const late = latePorts(async (place) => wayOf(place.tenant ?? 'all', 0, [], closed), { simulated: true });
  await late.scope();
  await expect(late.contexts.change({ kind: 'tenant', id: 'refused', name: 'x.com' })).rejects.toThrow('AADSTS50020');
  expect(closed).toEqual(['refused']);
  expect(await late.scope()).toBe('all');
});
