import { expect, test } from 'vitest';
import { type AzurePorts, latePorts, type Place } from '../../src/commands/late-ports.ts';
import { suspects } from '../views/fixtures/incident.ts';
import { World } from '../views/fixtures/ports.ts';

/** A way to Azure that lists one VM, and says which way it is when it is asked. */
function wayOf(name: string, at: number, asked: string[], closed: string[]): AzurePorts {
  const { ports } = new World();
  const row = suspects()[at];
  if (!row) throw new Error('no such suspect');
  return {
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
    kept: async () => ({
      cases: ports.cases,
      playbooks: ports.playbooks,
      choices: async () => ({ subscriptions: [], tenants: [], cases: [], gaps: [] }),
      halfDone: async () => [],
      problems: [],
    }),
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

test('the list is asked for before cases and playbooks are loaded, and has no VM before they are there', async () => {
  const order: string[] = [];
  const begun = Promise.withResolvers<void>();
  const playbooks = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const way = wayOf('all', 0, [], []);
  const late = latePorts(
    async () => ({
      ...way,
      reader: {
        ...way.reader,
        async scan(onProgress, signal) {
          const document = await way.reader.scan(onProgress, signal);
          onProgress([], []);
          await answer.promise;
          onProgress(document.vms, []);
          return document;
        },
      },
      async kept() {
        order.push('loading');
        begun.resolve();
        await playbooks.promise;
        order.push('loaded');
        return way.kept();
      },
    }),
    { simulated: true },
  );
  const halfDone = late.halfDone().then(() => order.push('what was left half-done'));
  const whole = late.reader.scan(({ length }) => order.push(`${length} VMs`), new AbortController().signal);
  await late.scope();
  expect(order).toEqual(['0 VMs']);
  answer.resolve();
  await begun.promise;
  await late.scope();
  expect(order).toEqual(['0 VMs', 'loading']);
  playbooks.resolve();
  expect((await whole).vms).toHaveLength(1);
  await halfDone;
  expect(order.slice(2, 4)).toEqual(['loaded', '1 VMs']);
});
