import { afterEach, describe, expect, it } from 'vitest';
import { lookAtPermissions, type NeededPermission } from '../../../src/actions/preflight/permissions.ts';
import type { Connection } from '../../../src/azure/client/connection.ts';
import { gapOf } from '../../../src/azure/client/failure.ts';
import { curedByEligibility } from '../../../src/azure/readers/eligible-roles.ts';
import { readInventory } from '../../../src/azure/readers/inventory.ts';
import type { Gap } from '../../../src/documents/fact.ts';
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
      cure: expect.stringContaining(
        'you are eligible for Reader on subscription 11111111-2222-4333-8444-555555555555: activate it',
      ),
    });
  });
});

describe('what a role refused to be read', () => {
  const refusal = (code: string, message: string) =>
    Object.assign(new Error(message), {
      statusCode: 403,
      code,
      response: { status: 403, headers: { get: () => 'an-id' } },
      details: { error: { code, message } },
    });
  const need = {
    permission: 'Microsoft.Security/jitNetworkAccessPolicies/read',
    role: 'Security Reader',
    scope: group,
  };
  const lacking = gapOf(refusal('AuthorizationFailed', 'The client does not have authorization.'), need);

  it('is cured by the role that waits to be activated, asked for once', async () => {
    azure = await reader([eligible('Contributor', 'contributor', group)]);
    const { connection } = azure;
    const [one, other] = await Promise.all([
      curedByEligibility(connection, nsg, lacking),
      curedByEligibility(connection, nsg, { ...lacking, source: 'ARM' }),
    ]);
    expect(one.cure).toMatch(/^you are eligible for Contributor on rg-web: activate it .*, then refresh$/);
    expect(other).toMatchObject({ why: 'denied', because: lacking.because, source: 'ARM', cure: one.cure });
    expect(azure.asked.filter(({ url }) => url.includes('roleEligibility'))).toHaveLength(1);
    expect(azure.asked.filter(({ url }) => /roleDefinitions\//.test(url))).toHaveLength(1);
  });

  it('keeps its cure where no eligible role has the permission, and where no role would help', async () => {
    azure = await reader([]);
    const { connection } = azure;
    const cured = (gap: Gap) => curedByEligibility(connection, nsg, gap);
    expect(await cured(lacking)).toBe(lacking);
    const forbidden = gapOf(refusal('DenyAssignmentAuthorizationFailed', "deny assignment with name 'x'"), need);
    expect(await cured(forbidden)).toBe(forbidden);
    const policy = gapOf(refusal('RequestDisallowedByPolicy', 'Resource was disallowed by policy.'), need);
    expect(await cured(policy)).toBe(policy);
    expect(lacking.cure).toMatch(/^ask the customer for Security Reader on /);
  });
});
