import { afterEach, expect, it } from 'vitest';
import { candidates } from '../../../src/actions/export/snapshots-to-export.ts';
import { fateOf } from '../../../src/actions/fate.ts';
import { lookAtPermissions } from '../../../src/actions/preflight/permissions.ts';
import { lookAtQuotas } from '../../../src/actions/preflight/quotas.ts';
import { type Answering, type Asked, answering } from './answering.ts';

/** Lists without an end: whatever is asked for but permissions, the answer has one entry and another page. */
async function endless(entry: (asked: Asked) => unknown): Promise<Answering> {
  azure = await answering((asked) => ({
    body: {
      value: [entry(asked)],
      ...(/permissions\?/.test(asked.url) ? {} : { nextLink: `${asked.url.replace(/&page=.*/, '')}&page=next` }),
    },
  }));
  return azure;
}
let azure: Answering | undefined;
afterEach(() => azure?.close());

const group = '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg';
const { signal } = new AbortController();
const target = {
  id: `${group}/providers/Microsoft.Compute/virtualMachines/vm1`,
  name: 'vm1',
  resourceGroup: 'rg',
  subscriptionId: '11111111-1111-4111-8111-111111111111',
  location: 'westeurope',
};

it('a list of snapshots that goes on is told, whichever of them is exported', async () => {
  const mine = {
    id: `${group}/providers/Microsoft.Compute/snapshots/s1`,
    tags: { 'cordon-case': 'c1', 'cordon-vm': target.id.toLowerCase() },
    properties: { creationData: { sourceResourceId: 'disk' } },
  };
  const { connection } = await endless(() => mine);
  // Of the context an export uses no more to choose.
  const context = { target, caseId: 'c1', signal } as Parameters<typeof candidates>[1];
  const found = await candidates(connection, context, {} as Parameters<typeof candidates>[2]);
  expect(found).toMatchObject({ warnings: [expect.stringMatching(/there are more than the 50 that were read/)] });
  const named = await candidates(connection, context, { snapshot: 's2' } as Parameters<typeof candidates>[2]);
  expect(named).toMatchObject({ because: expect.stringMatching(/there are more than the 50 .* Give the resource id/) });
});

it('an activity log that goes on does not say that a request was not done', async () => {
  const { connection } = await endless(() => ({ httpRequest: { clientRequestId: 'another' }, status: 'Succeeded' }));
  const sent = {
    at: '2026-11-22T02:20:11Z',
    method: 'POST',
    url: `https://management.azure.com${target.id}/somethingNew?api-version=1`,
    body: null,
    clientRequestId: 'mine',
  };
  expect(await fateOf(connection, sent, signal)).toMatchObject({ ok: null });
});

it('deny assignments and quotas after what was read are not seen, and say so', async () => {
  const { connection } = await endless(() => ({ name: { value: 'Other' }, currentValue: 1, limit: 2, properties: {} }));
  const needed = [{ action: 'Microsoft.Network/networkSecurityGroups/write', scope: group }];
  const { warnings } = await lookAtPermissions(connection, needed, signal);
  expect(warnings).toEqual([expect.stringMatching(/Not seen: deny assignments on rg \(there are more than the 10 /)]);
  const resourceId = `${group}/providers/Microsoft.Network/networkSecurityGroups/new`;
  const outlook = await lookAtQuotas(
    connection,
    [{ method: 'PUT', resourceId, creates: true, body: { location: 'westeurope' } }],
    signal,
  );
  expect(outlook.warnings).toEqual([expect.stringMatching(/Not seen: the quota of network security groups/)]);
});
