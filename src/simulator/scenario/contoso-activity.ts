// Who changed what in Contoso's Azure: what prepared the attack on web01, what followed, and the ordinary rest.
import type { Row } from '../world.ts';
import { type ChangeSpec, changeRows, type Doer } from './activity.ts';
import type { Member } from './contoso-machines.ts';
import { guidOf } from './seeded.ts';
import { anna, armId, groupId } from './tenant.ts';
import { ago, day, hour } from './time.ts';

const person = (name: string, address: string): Doer => ({
  caller: `${name}@contoso.com`,
  objectId: guidOf(`user:${name}`),
  address,
});

const keller = person('m.keller', '192.0.2.21');
/** The same account from an address that it never used before. */
const stolen = { ...keller, address: '203.0.113.140' };
const databases = person('dba', '192.0.2.44');
const responder: Doer = { caller: anna.upn, objectId: anna.oid, address: '192.0.2.18' };
/** Defender for Cloud's own application, which writes the rules of just-in-time access. */
const defender: Doer = {
  caller: guidOf('principal:defender-for-cloud'),
  objectId: guidOf('principal:defender-for-cloud'),
  address: '',
};

/** The rows of the table AzureActivity. */
export function contosoActivity(members: readonly Member[]): Row[] {
  const named = (name: string): Member => {
    const found = members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`no machine ${name}`);
    return found;
  };
  const [web, web2, sql, gate, jump] = ['web01', 'web02', 'sql02', 'gate01', 'jump01'].map(named);
  if (!web || !web2 || !sql || !gate || !jump) return [];
  const nsg = armId(web.place, 'Microsoft.Network/networkSecurityGroups', 'web-nsg');
  const writeRule = 'Microsoft.Network/networkSecurityGroups/securityRules/write';
  const jit = (member: Member): string =>
    `${groupId(member.place)}/providers/Microsoft.Security/locations/${member.place.location}/jitNetworkAccessPolicies/default`;
  const webIdentity = guidOf(`principal:${web.id}`);
  const stolenIdentity: Doer = { caller: webIdentity, objectId: webIdentity, address: '20.51.7.14' };
  const rule = (port: string, priority: number) => ({
    properties: {
      protocol: 'Tcp',
      sourcePortRange: '*',
      destinationPortRange: port,
      sourceAddressPrefix: '*',
      destinationAddressPrefix: '*',
      access: 'Allow',
      priority,
      direction: 'Inbound',
    },
  });
  const changes: ChangeSpec[] = [
    {
      place: web.place,
      resourceId: `${nsg}/securityRules/allow-rdp`,
      operation: writeRule,
      by: responder,
      time: '2026-10-02T13:41:07Z',
    },
    {
      place: web.place,
      resourceId: `${nsg}/securityRules/allow-rdp-alt`,
      operation: writeRule,
      by: keller,
      time: ago(40 * day),
    },
    // What prepared the attack.
    {
      place: web.place,
      resourceId: jit(web),
      operation: 'Microsoft.Security/locations/jitNetworkAccessPolicies/delete',
      by: stolen,
      time: '2026-11-22T17:38:04Z',
    },
    {
      place: web.place,
      resourceId: `${nsg}/providers/Microsoft.Authorization/locks/keep`,
      operation: 'Microsoft.Authorization/locks/delete',
      by: stolen,
      time: '2026-11-22T17:40:31Z',
      failed: 'Forbidden',
    },
    {
      place: web.place,
      resourceId: `${nsg}/securityRules/allow-rdp`,
      operation: writeRule,
      by: stolen,
      time: '2026-11-22T17:41:12Z',
      took: 4,
      body: rule('3389', 300),
    },
    // What followed the logon: the intruder on web01 used its identity, which is Contributor on rg-web.
    {
      place: web.place,
      resourceId: web2.id,
      operation: 'Microsoft.Compute/virtualMachines/runCommand/action',
      by: stolenIdentity,
      time: '2026-11-23T02:16:20Z',
      took: 38,
    },
    {
      place: web.place,
      resourceId: armId(web.place, 'Microsoft.Compute/snapshots', 'web01-data-1'),
      operation: 'Microsoft.Compute/snapshots/beginGetAccess/action',
      by: stolenIdentity,
      time: '2026-11-23T02:18:02Z',
      took: 6,
    },
    // Elsewhere.
    {
      place: sql.place,
      resourceId: `${sql.id}/extensions/enablevmaccess`,
      operation: 'Microsoft.Compute/virtualMachines/extensions/write',
      by: databases,
      time: '2026-11-20T09:12:44Z',
      took: 51,
      body: { location: sql.place.location, properties: { publisher: 'Microsoft.Compute', type: 'VMAccessAgent' } },
    },
    {
      place: gate.place,
      resourceId: jit(gate),
      operation: 'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action',
      by: keller,
      time: ago(34 * hour),
    },
    {
      place: gate.place,
      resourceId: armId(gate.place, 'Microsoft.Network/networkSecurityGroups', 'gate-nsg'),
      operation: 'Microsoft.Network/networkSecurityGroups/write',
      by: defender,
      time: ago(34 * hour - 2000),
      took: 3,
    },
    {
      place: jump.place,
      resourceId: jump.id,
      operation: 'Microsoft.Compute/virtualMachines/deallocate/action',
      by: keller,
      time: '2026-11-22T17:03:46Z',
      took: 47,
    },
  ];
  return changes.flatMap(changeRows);
}
