import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concerns, matchOf, resourcesOf, subjectOf } from '../../src/azure/readers/alert-subjects.ts';
import { alertFrom, countAlerts, readAlerts } from '../../src/azure/readers/defender-alerts.ts';
import { planOf, readServersPlan } from '../../src/azure/readers/defender-plan.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readRecommendations, readSecureScore } from '../../src/azure/readers/secure-score.ts';
import { readSoftware } from '../../src/azure/readers/software.ts';
import { kbsIn, vulnerabilityOf } from '../../src/azure/readers/vulnerabilities.ts';
import { type Bench, openBench } from '../actions/bench.ts';

let bench: Bench;
let ownAddress = '';
beforeAll(async () => {
  bench = await openBench((world) => {
    const prod = world.subscriptions[0]?.subscriptionId ?? '';
    const group = `/subscriptions/${prod}/resourceGroups/rg-files`;
    world.denied.push({ action: 'Microsoft.Security/*', scope: group });
    // app01 of rg-app has a plan of its own, which is Plan 1; batch01's is off.
    const machine = (name: string) =>
      world.resources.find((one) => one.name === name && /virtualMachines$/i.test(one.type))?.id ?? '';
    const plan = (name: string, pricingTier: string, subPlan?: string) =>
      world.tables.securityresources?.push({
        id: `${machine(name)}/providers/Microsoft.Security/pricings/virtualMachines`,
        name: 'virtualMachines',
        type: 'microsoft.security/pricings',
        subscriptionId: prod,
        properties: { pricingTier, subPlan },
      });
    plan('gate01', 'Standard', 'P1');
    const alert = (name: string, place: string, properties: object) =>
      world.tables.securityresources?.push({
        id: `/subscriptions/${prod}/resourceGroups/${place}/providers/Microsoft.Security/locations/westeurope/alerts/${name}`,
        name,
        type: 'microsoft.security/locations/alerts',
        subscriptionId: prod,
        properties: { AlertDisplayName: name, Status: 'Active', Severity: 'High', ...properties },
      });
    const agent = [{ Type: 'LogAnalytics', AgentId: '8c1f', WorkspaceId: 'w' }];
    const host = { type: 'host', hostName: 'JUMP01', azureID: machine('jump01').toLowerCase() };
    alert('by-host-entity', 'rg-logs', { ResourceIdentifiers: agent, Entities: [host] });
    const own = machine('print01').split('/')[4] ?? '';
    alert('by-name', own, { ResourceIdentifiers: agent, CompromisedEntity: 'PRINT01.contoso.local' });
    alert('by-name-elsewhere', 'rg-logs', { ResourceIdentifiers: [], CompromisedEntity: 'half01' });
    plan('batch01', 'Free');
    // What Azure calls the parts of edge01, and two machines of one private address.
    const part = (name: string, ...path: (string | number)[]): string =>
      String(
        path.reduce<unknown>(
          (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
          world.resources.find((one) => one.name === name && /virtualMachines$/i.test(one.type))?.properties,
        ) ?? '',
      );
    const nicOf = (name: string) => part(name, 'networkProfile', 'networkInterfaces', 0, 'id');
    const configurationOf = (name: string) => {
      const nic = world.resources.find(({ id }) => id.toLowerCase() === nicOf(name).toLowerCase());
      const properties = (nic?.properties ?? {}) as { ipConfigurations?: { properties: Record<string, unknown> }[] };
      const [first] = properties.ipConfigurations ?? [];
      return first?.properties ?? {};
    };
    const diskOf = (name: string) => part(name, 'storageProfile', 'osDisk', 'managedDisk', 'id');
    const disk = [{ Type: 'AzureResource', AzureResourceId: diskOf('edge01') }];
    alert('by-disk', 'rg-logs', { ResourceIdentifiers: disk });
    const nic = [
      {
        Type: 'AzureResource',
        AzureResourceId: nicOf('edge01').toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'),
      },
    ];
    alert('by-interface', 'rg-logs', { ResourceIdentifiers: nic });
    const attacker = { Type: 'ip', Address: '198.51.100.200' };
    configurationOf('edge01').privateIPAddress = '10.77.0.9';
    const victim = { Type: 'ip', Address: '10.77.0.9' };
    alert('by-private-address', 'rg-logs', { CompromisedEntity: '10.77.0.9', Entities: [victim, attacker] });
    for (const name of ['mail01', 'app03']) configurationOf(name).privateIPAddress = '10.77.0.10';
    alert('by-shared-address', 'rg-logs', { ExtendedProperties: { 'Victim IP': '10.77.0.10' }, Entities: [attacker] });
    const publicId = String((configurationOf('kiosk01').publicIPAddress as { id?: string } | undefined)?.id ?? '');
    const address = world.resources.find(({ id }) => id.toLowerCase() === publicId.toLowerCase());
    ownAddress = String((address?.properties as { ipAddress?: string } | undefined)?.ipAddress ?? '');
    alert('by-public-address', 'rg-logs', { CompromisedEntity: ownAddress, Entities: [attacker] });
    alert('by-address-resource', 'rg-logs', { ResourceIdentifiers: [{ AzureResourceId: publicId }] });
  });
});
afterAll(() => bench.close());

async function asked(name: string) {
  const vm = await resolveVm(bench.connection, name);
  return { vm, plan: readServersPlan(bench.connection, vm) };
}
const alerts = async (name: string) => {
  const { vm, plan } = await asked(name);
  return readAlerts(bench.connection, vm, plan);
};
const software = async (name: string) => {
  const { vm, plan } = await asked(name);
  return readSoftware(bench.connection, vm, plan);
};
const score = async (name: string) => {
  const { vm, plan } = await asked(name);
  return readSecureScore(bench.connection, vm, plan);
};
const advice = async (name: string) => {
  const { vm, plan } = await asked(name);
  return readRecommendations(bench.connection, vm, plan);
};

describe('alerts', () => {
  it('carry their times, stage, techniques and addresses', async () => {
    expect(await alerts('web01')).toMatchObject({
      state: 'known',
      notSeen: [],
      value: {
        servers: 'P2',
        alerts: [
          { type: 'VM_SuspiciousAccountCreation', startAt: '2026-11-23T02:15:31.040Z' },
          {
            type: 'VM_LoginBruteForceSuccess',
            startAt: '2026-11-23T01:58:02.118Z',
            endAt: '2026-11-23T02:14:09.306Z',
            intent: 'Exploitation',
            techniques: ['T1110', 'T1110.001'],
            entities: { addresses: ['203.0.113.77'], accounts: [] },
          },
        ],
      },
    });
  });

  it('that are none mean something only where somebody looks', async () => {
    expect(await alerts('app03')).toMatchObject({ state: 'known', value: { alerts: [], servers: 'P2' } });
    expect(await alerts('gate01')).toMatchObject({
      state: 'known',
      value: { servers: 'P1' },
      notSeen: [expect.stringMatching(/Plan 1/)],
    });
    expect(await alerts('batch01')).toMatchObject({ state: 'unknown', because: expect.stringMatching(/off here/) });
    expect(await alerts('legacy7')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/plan cannot be read/),
      cure: expect.stringMatching(/Security Reader/),
    });
  });

  it('that were dismissed are not active, however they are spelt', async () => {
    expect(await alerts('mail01')).toMatchObject({ value: { alerts: [] } });
  });

  it('are read in the case of Resource Graph and of Azure Resource Manager alike', () => {
    const rest = {
      alertDisplayName: 'x',
      status: 'Active',
      severity: 'High',
      startTimeUtc: '2026-11-23T01:00:00Z',
      resourceIdentifiers: [{ azureResourceId: '/Subscriptions/S/vm', type: 'AzureResource' }, { type: 'AAD' }],
      entities: [
        { type: 'ip', address: '203.0.113.7' },
        { type: 'account', name: 'bob\u001b[2J', ntDomain: 'CONTOSO' },
      ],
      extendedProperties: { 'attacker source IP': '203.0.113.7, 198.51.100.2; nonsense' },
    };
    const pascal = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(pascal)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value).map(([key, one]) => [key.charAt(0).toUpperCase() + key.slice(1), pascal(one)]),
            )
          : value;
    const graph = pascal(rest);
    const read = alertFrom('a', rest, '2026-11-23T02:20:11Z');
    expect(alertFrom('a', graph, '2026-11-23T02:20:11Z')).toEqual(read);
    expect(read.entities).toEqual({ addresses: ['203.0.113.7', '198.51.100.2'], accounts: ['CONTOSO\\bob'] });
    expect(resourcesOf(graph)).toEqual(['/Subscriptions/S/vm']);
    expect(alertFrom('a', {}, '2026-11-23T02:20:11Z')).toMatchObject({ at: '2026-11-23T02:20:11Z', startAt: null });
  });
});

describe('an alert without an Azure resource id', () => {
  const names = (fact: Awaited<ReturnType<typeof alerts>>) =>
    fact.state === 'known' ? fact.value.alerts.map(({ name }) => name) : [fact.because];

  it('is the VM’s that its entities name, or its name in the VM’s own group', async () => {
    expect(names(await alerts('jump01'))).toEqual(['by-host-entity']);
    expect(names(await alerts('print01'))).toEqual(['by-name']);
    expect(names(await alerts('safe01'))).toEqual([]);
  });

  it('is the VM’s whose interface, disk or address it names, and it says by what', async () => {
    const matched = async (name: string) => {
      const fact = await alerts(name);
      if (fact.state === 'unknown') throw new Error(fact.because);
      return Object.fromEntries(fact.value.alerts.map((one) => [one.name, [one.matchedBy, one.entities.addresses]]));
    };
    expect(ownAddress).toMatch(/^\d+\./);
    expect(await matched('edge01')).toEqual({
      'by-disk': [expect.stringMatching(/^its disk edge01/), []],
      'by-interface': [expect.stringMatching(/^its network interface edge01/), []],
      'by-private-address': ['its private address 10.77.0.9', ['198.51.100.200']],
    });
    expect(await matched('kiosk01')).toMatchObject({
      'by-public-address': [`its public address ${ownAddress}`, ['198.51.100.200']],
      'by-address-resource': [expect.stringMatching(/^its public address /), []],
    });
    // Two machines have that address: neither may be said to be the one.
    const shared = await alerts('app03');
    expect(shared).toMatchObject({ state: 'known', value: { alerts: [] } });
    expect(shared.state === 'known' && shared.notSeen.join()).toContain('“by-shared-address”');
    expect(await alerts('print01')).toMatchObject({ notSeen: [] });
  });

  it('is told as not seen where only a name in another group fits', async () => {
    const half = await alerts('half01');
    expect(half).toMatchObject({ state: 'known', value: { alerts: [] } });
    expect(half.state === 'known' && half.notSeen.join()).toMatch(/1 active alert .*“by-name-elsewhere”/);
    expect((await alerts('safe01')).state === 'known' && (await alerts('safe01'))).toMatchObject({ notSeen: [] });
  });

  it('is counted in a fleet under the VM, or among what was not seen', async () => {
    const machines = await Promise.all(
      ['jump01', 'print01', 'half01'].map((name) => resolveVm(bench.connection, name)),
    );
    const { counts, notSeen } = await countAlerts(bench.connection, [machines[0]?.subscriptionId ?? ''], machines);
    expect(machines.map(({ id }) => counts.get(id.toLowerCase()) ?? 0)).toEqual([1, 1, 0]);
    expect(notSeen.join()).toMatch(/1 Defender alert /);
  });

  it('is never another VM’s of the same name once an id decides, and not one about a storage account', () => {
    const vm = (group: string) => ({
      id: `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/app01`,
      name: 'app01',
      computerName: 'app01',
      networkInterfaces: [
        `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.Network/networkInterfaces/app01-nic`,
      ],
    });
    const own = '/subscriptions/s/resourceGroups/a/providers/Microsoft.Security/locations/l/alerts/1';
    const about = (properties: object) => subjectOf(own, properties);
    const ofB = about({ compromisedEntity: 'app01', resourceIdentifiers: [{ azureResourceId: vm('b').id }] });
    expect([concerns(ofB, vm('a')), concerns(ofB, vm('b'))]).toEqual(['no', 'yes']);
    const extension = about({ resourceIdentifiers: [{ azureResourceId: `${vm('a').id}/extensions/x` }] });
    expect(concerns(extension, vm('a'))).toBe('yes');
    const longer = about({ resourceIdentifiers: [{ azureResourceId: `${vm('a').id}0` }] });
    expect(concerns(longer, vm('a'))).toBe('no');
    const storage = about({
      resourceIdentifiers: [
        { azureResourceId: '/subscriptions/s/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/x' },
      ],
    });
    expect(concerns(storage, vm('a'))).toBe('no');
    const ofInterface = about({
      resourceIdentifiers: vm('A').networkInterfaces.map((azureResourceId) => ({ azureResourceId })),
    });
    expect([concerns(ofInterface, vm('a')), concerns(ofInterface, vm('b'))]).toEqual(['yes', 'no']);
    // A load balancer's address leads to several machines.
    const front = about({ compromisedEntity: '20.51.7.33' });
    const holder = new Set(['/subscriptions/s/resourcegroups/a/providers/microsoft.network/loadbalancers/l/x']);
    const listed = { ...vm('a'), publicAddresses: ['20.51.7.33'] };
    expect(concerns(front, listed, new Map([['20.51.7.33', holder]]))).toBe('perhaps');
    expect(concerns(front, vm('b'), new Map([['20.51.7.33', holder]]))).toBe('no');
    expect(matchOf(front, listed)).toEqual({ is: 'yes', by: 'its public address 20.51.7.33' });
    expect(concerns(about({ resourceIdentifiers: [{ agentId: 'aa' }] }), vm('a'))).toBe('perhaps');
    expect(concerns(about({ compromisedEntity: 'CONTOSO\\APP01' }), vm('a'))).toBe('yes');
    expect(concerns(about({ compromisedEntity: 'app0' }), vm('a'))).toBe('no');
    expect(concerns(about({ compromisedEntity: vm('a').id }), vm('a'))).toBe('yes');
  });
});

describe('the plan', () => {
  const vm = {
    id: '/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web1',
    subscriptionId: 's',
  };
  const subscription = '/subscriptions/s/providers/microsoft.security/pricings/virtualmachines';
  it('is the VM’s own before the subscription’s, and never another VM’s', () => {
    const of = (id: string, tier: string, plan = '') => ({ id: id.toLowerCase(), subscriptionId: 'S', tier, plan });
    const own = `${vm.id}/providers/Microsoft.Security/pricings/virtualMachines`;
    const other = own.replace('web1/', 'web10/');
    expect(planOf([of(other, 'Standard', 'P2')], vm)).toEqual({ servers: 'unreadable', text: 'unknown' });
    expect(planOf([of(subscription, 'Standard', 'P2'), of(own, 'Free')], vm).servers).toBe('off');
    expect(planOf([of(subscription, 'Standard', 'P1'), of(other, 'Free')], vm)).toEqual({
      servers: 'P1',
      text: 'Standard P1',
    });
    expect(planOf([of(subscription, 'Standard')], vm).servers).toBe('on');
  });
});

describe('the Secure Score', () => {
  it('is the subscription’s, with its controls, the most points missing first', async () => {
    expect(await score('web01')).toMatchObject({
      state: 'known',
      coverage: 'the subscription contoso-prod, not this VM',
      value: {
        subscription: 'contoso-prod',
        percentage: 54,
        controls: [
          { name: 'Enable MFA', current: 0, max: 10, unhealthy: 1, healthy: 0 },
          { name: 'Secure management ports', unhealthy: 8, healthy: 14 },
          {},
          {},
          {},
        ],
      },
    });
  });

  it('that may not be read is not none', async () => {
    expect(await score('legacy7')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/may not read it/),
      cure: expect.stringMatching(/Security Reader/),
    });
  });

  it('is not known when Resource Graph refuses', async () => {
    const { vm, plan } = await asked('web01');
    await plan;
    await bench.faults([{ match: { path: 'ResourceGraph' }, effect: { status: 403, code: 'Forbidden', message: '' } }]);
    const fact = await readSecureScore(bench.connection, vm, plan);
    await bench.faults([]);
    expect(fact).toMatchObject({ state: 'unknown', because: expect.stringMatching(/no permission/) });
  });
});

describe('recommendations', () => {
  it('that the VM does not follow have severity and age', async () => {
    const fact = await advice('web01');
    expect(fact).toMatchObject({ state: 'known', value: { healthy: 1, notApplicable: 0 } });
    expect(fact.state === 'known' && fact.value.unhealthy.map(({ severity }) => severity)).toEqual([
      'High',
      'High',
      'High',
      'Medium',
      'Medium',
      'Low',
    ]);
    expect(fact.state === 'known' && fact.value.unhealthy[0]?.since).toMatch(/^2026-/);
  });

  it('of which there is none at all are not "all followed"', async () => {
    expect(await advice('legacy7')).toMatchObject({ state: 'unknown' });
    expect(await advice('file01')).toMatchObject({ state: 'unknown' });
  });
});

describe('third-party software', () => {
  it('is told with its support, its vulnerabilities, and the updates that these name', async () => {
    const fact = await software('web01');
    expect(fact).toMatchObject({
      state: 'known',
      coverage: '2 programs that Defender for Cloud judged',
      notSeen: [expect.stringMatching(/when this VM was last scanned/)],
      value: {
        scan: { state: 'scanned', at: null },
        vulnerabilities: [
          { cves: ['CVE-2026-31337'], kbs: ['5035849'], cvss: 9.8, severity: 'Critical' },
          {
            cves: ['CVE-2023-31102', 'CVE-2023-40481'],
            kbs: [],
            severity: 'High',
            remediation: 'update 7-zip: fixed in 23.00',
            foundAt: '2026-11-22T17:20:11.000Z',
          },
        ],
      },
    });
    const items = fact.state === 'known' ? fact.value.items : [];
    expect(items.find(({ name }) => name === 'jre')).toMatchObject({
      endOfSupport: 'versionNoLongerSupported',
      endOfSupportAt: '2022-03-31',
      knownVulnerabilities: 14,
    });
  });

  it('that was scanned and has nothing known is not the same as not scanned', async () => {
    expect(await software('app03')).toMatchObject({
      state: 'known',
      value: { scan: { state: 'scanned', at: null }, vulnerabilities: [] },
      coverage: '1 program that Defender for Cloud judged',
    });
    expect(await software('sql01')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/no software inventory here.*P2.*has not scanned/),
    });
  });

  it('is absent for a reason that the plan decides', async () => {
    expect(await software('gate01')).toMatchObject({ because: expect.stringMatching(/Plan 1/) });
    expect(await software('batch01')).toMatchObject({ because: expect.stringMatching(/is off/) });
    expect(await software('legacy7')).toMatchObject({ because: expect.stringMatching(/plan cannot be read/) });
    // Forbidden rows are absent rows: the machine counts as not scanned, never as clean.
    expect(await software('file01')).toMatchObject({ state: 'unknown' });
  });
});

describe('vulnerability findings', () => {
  it('name CVEs in their id or data, and updates in their texts', () => {
    expect(
      vulnerabilityOf({
        id: '91534',
        displayName: 'Microsoft Windows Remote Desktop Services (BlueKeep)',
        status: { severity: 'High' },
        remediation: 'Install KB4499175 or KB 4499164\u001b[2J.',
        additionalData: {
          cve: [{ title: 'CVE-2019-0708', link: '' }, 'cve-2019-0709'],
          vendorReferences: [{ title: 'KB4499180', link: '' }],
          cvss: { '2.0': { base: 10 }, '3.0': { base: 9.8 } },
        },
      }),
    ).toMatchObject({
      cves: ['CVE-2019-0708', 'CVE-2019-0709'],
      kbs: ['4499175', '4499164', '4499180'],
      cvss: 9.8,
      remediation: 'Install KB4499175 or KB 4499164.',
    });
    expect(vulnerabilityOf({ id: 'CVE-2023-31102' }).cves).toEqual(['CVE-2023-31102']);
    expect(vulnerabilityOf(null)).toMatchObject({ cves: [], kbs: [], cvss: null });
    expect(kbsIn(['KB12', 'see 4499175', 'kb4499175 KB4499175'])).toEqual(['4499175']);
  });
});
