import { afterEach, describe, expect, it } from 'vitest';
import { lookAtPermissions, type NeededPermission } from '../../../src/actions/preflight/permissions.ts';
import type { Connection } from '../../../src/azure/client/connection.ts';
import { readInventory } from '../../../src/azure/readers/inventory.ts';
import { type Answering, answering } from '../client/answering.ts';

const subscription = '/subscriptions/11111111-2222-4333-8444-555555555555';
const group = `${subscription}/resourceGroups/rg-web`;
const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/web-nsg`;
const definition = (id: string) => `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${id}`;

/** One eligible role as Privileged Identity Management lists it. */
const eligible = (role: string, id: string, scope: string) => ({
  name: id,
  type: 'Microsoft.Authorization/roleEligibilityScheduleInstances',
  properties: {
    scope,
    roleDefinitionId: definition(id),
    status: 'Provisioned',
    expandedProperties: { roleDefinition: { displayName: role, id: definition(id), type: 'BuiltInRole' } },
  },
});
const permissions: Record<string, { actions: string[]; notActions: string[] }> = {
  reader: { actions: ['*/read'], notActions: [] },
  contributor: { actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] },
};

let azure: Answering | undefined;
afterEach(async () => {
  await azure?.close();
});

/** A caller who is a Reader, and eligible for what is given. */
function reader(roles: ReturnType<typeof eligible>[], subscriptions: unknown[] = []) {
  return answering(({ url }) => {
    const path = url.split('?')[0] ?? '';
    if (/roleEligibilityScheduleInstances$/i.test(path)) return { body: { value: roles } };
    if (/roleDefinitions\//i.test(path)) {
      return { body: { properties: { permissions: [permissions[path.split('/').at(-1) ?? '']] } } };
    }
    if (/\/permissions$/i.test(path)) return { body: { value: [permissions.reader] } };
    return { body: { value: path === '/subscriptions' ? subscriptions : [] } };
  });
}
const ahead = async (connection: Connection, needed: NeededPermission[]) =>
  (await lookAtPermissions(connection, needed, new AbortController().signal)).permissions;
const write = 'Microsoft.Network/networkSecurityGroups/write';

describe('a permission that only waits to be activated', () => {
  it('is told with the role that has it and where', async () => {
    azure = await reader([
      eligible('Reader', 'reader', subscription),
      eligible('Contributor', 'contributor', `${subscription}/resourceGroups/rg-other`),
      eligible('Contributor', 'contributor', group),
    ]);
    const [lacking, held] = await ahead(azure.connection, [
      { action: write, scope: nsg },
      { action: 'Microsoft.Network/networkSecurityGroups/read', scope: nsg },
    ]);
    expect(lacking?.held).toBe(false);
    expect(lacking?.eligible).toMatch(/^you are eligible for Contributor on rg-web: activate it/);
    expect(held).toMatchObject({ held: true });
    expect(held?.eligible).toBeUndefined();
    const asked = azure.asked.filter(({ url }) => url.includes('roleEligibility'));
    expect(asked.map(({ url }) => decodeURIComponent(url))).toEqual([
      `${subscription}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01&$filter=asTarget()`,
    ]);
  });

  it('is not claimed where no eligible role has it, nor one elsewhere', async () => {
    azure = await reader([eligible('Reader', 'reader', group), eligible('Contributor', 'contributor', `${group}-2`)]);
    const [lacking] = await ahead(azure.connection, [{ action: write, scope: nsg }]);
    expect(lacking).toMatchObject({ held: false });
    expect(lacking?.eligible).toBeUndefined();
  });

  it('explains an empty list of subscriptions', async () => {
    azure = await reader([eligible('Reader', 'reader', subscription)]);
    expect(await readInventory(azure.connection)).toMatchObject({
      state: 'unknown',
      why: 'hidden',
      cure: expect.stringContaining('you are eligible for Reader on 11111111-2222-4333-8444-555555555555: activate it'),
    });
  });
});
