import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { RecoveryServicesBackupClient } from '@azure/arm-recoveryservicesbackup';
import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { SecurityCenter } from '@azure/arm-security';
import { LogsQueryClient } from '@azure/monitor-query';
import { expect, it } from 'vitest';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import type { World } from '../../src/simulator/world.ts';
import { all, type Bench, openBench } from './sdk.ts';
import { backupNames, customerId, group, ids, smallWorld, subscription } from './small-world.ts';

const shared = process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../../shared');
const check = join(shared, 'contract', 'check');
const present = existsSync(check);
if (!present) console.warn(`No specifications at ${check}: the simulator is NOT held against Azure's contract here.`);

const quick = { updateIntervalInMs: 5 };
/** A refusal is an answer too; it is recorded like the others. */
const refused = (work: Promise<unknown>) => expect(work).rejects.toThrow();

async function driveNetwork(bench: Bench): Promise<void> {
  const client = new NetworkManagementClient(bench.credential, subscription, bench.options);
  await all(client.networkInterfaces.listAll());
  await all(client.networkInterfaces.list('rg-web'));
  const nic = await client.networkInterfaces.get('rg-web', 'web01-nic');
  await client.networkSecurityGroups
    .createOrUpdate(
      'rg-web',
      'quarantine',
      {
        location: 'westeurope',
        tags: { case: '1' },
        securityRules: [
          {
            name: 'deny',
            protocol: '*',
            access: 'Deny',
            direction: 'Inbound',
            priority: 100,
            sourceAddressPrefix: '*',
            sourcePortRange: '*',
            destinationAddressPrefix: '*',
            destinationPortRange: '*',
          },
        ],
      },
      quick,
    )
    .pollUntilDone();
  const locked = {
    ...nic,
    networkSecurityGroup: { id: `${group}/providers/Microsoft.Network/networkSecurityGroups/quarantine` },
  };
  await client.networkInterfaces.createOrUpdate('rg-web', 'web01-nic', locked, quick).pollUntilDone();
  await client.networkInterfaces.listEffectiveNetworkSecurityGroups('rg-web', 'web01-nic', quick);
  await client.networkInterfaces.getEffectiveRouteTable('rg-web', 'web01-nic', quick);
  await refused(client.networkInterfaces.listEffectiveNetworkSecurityGroups('rg-web', 'db01-nic', quick));
  await refused(client.networkSecurityGroups.delete('rg-web', 'quarantine', quick));
  await client.networkInterfaces.createOrUpdate('rg-web', 'web01-nic', nic, quick).pollUntilDone();
  await client.networkSecurityGroups.delete('rg-web', 'quarantine', quick);
  await all(client.networkSecurityGroups.listAll());
  await client.securityRules
    .createOrUpdate(
      'rg-web',
      'web01-nsg',
      'deny',
      {
        protocol: 'Udp',
        access: 'Deny',
        direction: 'Outbound',
        priority: 100,
        sourceAddressPrefix: '*',
        sourcePortRange: '*',
        destinationAddressPrefixes: ['10.0.0.0/8'],
        destinationPortRanges: ['53'],
      },
      quick,
    )
    .pollUntilDone();
  await all(client.securityRules.list('rg-web', 'web01-nsg'));
  await client.securityRules.get('rg-web', 'web01-nsg', 'deny');
  await client.securityRules.delete('rg-web', 'web01-nsg', 'deny', quick);
  await client.networkSecurityGroups.updateTags('rg-web', 'web01-nsg', { tags: { a: 'b' } });
  await all(client.publicIPAddresses.listAll());
  await client.publicIPAddresses.get('rg-web', 'web01-ip');
  await all(client.virtualNetworks.listAll());
  await all(client.subnets.list('rg-web', 'vnet'));
  const subnet = await client.subnets.get('rg-web', 'vnet', 'default');
  await client.subnets.createOrUpdate('rg-web', 'vnet', 'default', subnet, quick).pollUntilDone();
  await all(client.applicationSecurityGroups.listAll());
  await client.listNetworkManagerEffectiveSecurityAdminRules('rg-web', 'vnet', {});
}

async function driveCompute(bench: Bench): Promise<void> {
  const client = new ComputeManagementClient(bench.credential, subscription, bench.options);
  await all(client.virtualMachines.listAll());
  await all(client.virtualMachines.list('rg-web'));
  await client.virtualMachines.get('rg-web', 'web01', { expand: 'instanceView' });
  await client.virtualMachines.instanceView('rg-web', 'web01');
  await client.virtualMachines.assessPatches('rg-web', 'web01', quick);
  await refused(client.virtualMachines.assessPatches('rg-web', 'db01', quick));
  await client.virtualMachines.deallocate('rg-web', 'web01', quick);
  await client.virtualMachines.start('rg-web', 'web01', quick);
  await all(client.disks.list());
  await client.disks.get('rg-web', 'web01-os');
  const snapshot = (sourceResourceId: string, incremental: boolean) => ({
    location: 'westeurope',
    incremental,
    networkAccessPolicy: 'DenyAll',
    creationData: { createOption: 'Copy', sourceResourceId },
  });
  await client.snapshots.createOrUpdate('rg-web', 'full', snapshot(ids.osDisk, false), quick).pollUntilDone();
  await client.snapshots.createOrUpdate('rg-web', 'fast', snapshot(ids.fastDisk, true), quick).pollUntilDone();
  await refused(client.snapshots.createOrUpdate('rg-web', 'no', snapshot(ids.fastDisk, false), quick).pollUntilDone());
  await all(client.snapshots.list());
  await client.snapshots.get('rg-web', 'fast');
  await client.snapshots.delete('rg-web', 'full', quick);
}

async function driveRest(bench: Bench): Promise<void> {
  const backup = new RecoveryServicesBackupClient(bench.credential, subscription, bench.options);
  await backup.backupStatus.get('westeurope', { resourceType: 'VM', resourceId: ids.vm });
  await backup.backupStatus.get('westeurope', { resourceType: 'VM', resourceId: ids.stopped });
  const filter = "backupManagementType eq 'AzureIaasVM'";
  await all(backup.backupProtectedItems.list('vault1', 'rg-web', { filter }));
  const { container, item } = backupNames;
  await backup.protectedItems.get('vault1', 'rg-web', 'Azure', container, item);
  let poll = '';
  await backup.backups.trigger(
    'vault1',
    'rg-web',
    'Azure',
    container,
    item,
    { properties: { objectType: 'IaasVMBackupRequest' } },
    { onResponse: (response) => (poll = response.headers.get('azure-asyncoperation') ?? '') },
  );
  const operation = poll.split('?')[0]?.split('/').at(-1) ?? '';
  for (let status = 'InProgress'; status === 'InProgress'; ) {
    const found = await backup.protectedItemOperationStatuses.get(
      'vault1',
      'rg-web',
      'Azure',
      container,
      item,
      operation,
    );
    status = found.status ?? '';
  }
  const [job] = await all(backup.backupJobs.list('vault1', 'rg-web'));
  for (let done = false; !done; ) {
    const found = await backup.jobDetails.get('vault1', 'rg-web', job?.name ?? '');
    done = found.properties?.status !== 'InProgress';
  }
  await all(backup.recoveryPoints.list('vault1', 'rg-web', 'Azure', container, item));

  const security = new SecurityCenter(bench.credential, subscription, bench.options);
  await all(security.alerts.list());
  await security.pricings.list();
  await all(security.secureScores.list());
  await all(security.jitNetworkAccessPolicies.list());
  await security.jitNetworkAccessPolicies.initiate('rg-web', 'westeurope', 'default', {
    virtualMachines: [
      {
        id: ids.vm,
        ports: [
          { number: 3389, endTimeUtc: new Date('2026-11-23T04:30:00Z'), allowedSourceAddressPrefix: '198.51.100.1' },
        ],
      },
    ],
  });
  const policy = await security.jitNetworkAccessPolicies.get('rg-web', 'westeurope', 'default');
  await security.jitNetworkAccessPolicies.createOrUpdate('rg-web', 'westeurope', 'default', policy);
  await all(security.assessments.list(`subscriptions/${subscription}`));

  const authorization = new AuthorizationManagementClient(bench.credential, subscription, bench.options);
  await all(authorization.permissions.listForResourceGroup('rg-web'));
  await all(
    authorization.permissions.listForResource('rg-web', 'Microsoft.Network', '', 'networkInterfaces', 'web01-nic'),
  );
  await all(authorization.roleAssignments.listForSubscription());
  await all(authorization.roleDefinitions.list(`subscriptions/${subscription}`));

  const subscriptions = new SubscriptionClient(bench.credential, bench.options);
  await all(subscriptions.subscriptions.list());
  await subscriptions.subscriptions.get(subscription);
  await all(subscriptions.tenants.list());
}

async function driveQueries(bench: Bench, subscriptions: string[]): Promise<void> {
  const graph = new ResourceGraphClient(bench.credential, bench.options);
  const query = (text: string, options = {}) => graph.resources({ subscriptions, query: text, options });
  await query('resources | project id, name, type, properties', { top: 3 });
  await query('resources | summarize count() by type', { resultFormat: 'table' });
  await refused(query('where where'));
  await refused(query('resources | where nothing == 1'));
  const logs = new LogsQueryClient(bench.credential, { ...bench.options, endpoint: 'https://api.loganalytics.io' });
  const text = 'SecurityEvent | summarize n = count() by EventID, IpAddress';
  await logs.queryWorkspace(customerId, text, { duration: 'P1D' });
  await refused(logs.queryWorkspace(customerId, 'SecurityEvent | where', { duration: 'P1D' }));
  await refused(logs.queryWorkspace(customerId, 'NoSuchTable | take 1', { duration: 'P1D' }));
  await logs.queryResource(ids.vm, text, { duration: 'P1D' });
}

/** Every plain read of a world: lists of each type in each subscription, and each resource. */
async function readAll(bench: Bench, world: World): Promise<void> {
  for (const { subscriptionId } of world.subscriptions) {
    const network = new NetworkManagementClient(bench.credential, subscriptionId, bench.options);
    const compute = new ComputeManagementClient(bench.credential, subscriptionId, bench.options);
    const security = new SecurityCenter(bench.credential, subscriptionId, bench.options);
    const lists: (() => AsyncIterable<unknown>)[] = [
      () => network.networkInterfaces.listAll(),
      () => network.networkSecurityGroups.listAll(),
      () => network.publicIPAddresses.listAll(),
      () => network.loadBalancers.listAll(),
      () => network.virtualNetworks.listAll(),
      () => network.applicationSecurityGroups.listAll(),
      () => network.routeTables.listAll(),
      () => network.azureFirewalls.listAll(),
      () => network.firewallPolicies.listAll(),
      () => network.applicationGateways.listAll(),
      () => network.natGateways.listAll(),
      () => compute.virtualMachines.listAll(),
      () => compute.disks.list(),
      () => compute.snapshots.list(),
      () => security.alerts.list(),
      () => security.secureScores.list(),
      () => security.jitNetworkAccessPolicies.list(),
    ];
    for (const list of lists) await all(list()).catch(() => []);
    const nics = await all(network.networkInterfaces.listAll());
    for (const { id = '' } of nics.slice(0, 6)) {
      const [, resourceGroup = '', name = ''] = /resourceGroups\/([^/]+)\/.*\/([^/]+)$/i.exec(id) ?? [];
      await network.networkInterfaces
        .listEffectiveNetworkSecurityGroups(resourceGroup, name, quick)
        .catch(() => undefined);
    }
  }
}

async function verdict(file: string): Promise<string> {
  const run = promisify(execFile)(check, [file], { maxBuffer: 64 * 1024 * 1024 });
  const { stdout } = await run.catch((error: { stdout?: string; message: string }) => ({
    stdout: error.stdout ?? error.message,
  }));
  return stdout;
}

const findings = (report: string): string[] =>
  report.split(/\n(?=(?:ERROR|NOTE|\d+ exchanges))/).filter((line) => line.startsWith('ERROR'));

it.skipIf(!present)(
  'answers as the specifications say, and asks for nothing that they do not know',
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'contract-'));
    const file = join(folder, 'traffic.jsonl');
    const small = await openBench({ world: smallWorld() }, file);
    const world = builtInWorld();
    const large = await openBench({ world }, file);
    try {
      await driveNetwork(small);
      await driveCompute(small);
      await driveRest(small);
      await driveQueries(small, [subscription]);
      await readAll(large, world);
      const report = await verdict(file);
      expect(findings(report)).toEqual([]);
      expect(report).toMatch(/\d+ exchanges, 0 errors/);
    } finally {
      await small.simulator.close();
      await large.simulator.close();
      if (process.env.KEEP_TRAFFIC === undefined) await rm(folder, { recursive: true });
      else console.warn(file);
    }
  },
);
