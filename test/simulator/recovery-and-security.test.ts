import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { RecoveryServicesBackupClient } from '@azure/arm-recoveryservicesbackup';
import { SecurityCenter } from '@azure/arm-security';
import { beforeEach, describe, expect, it } from 'vitest';
import { at, records } from '../../src/simulator/json.ts';
import { all, type Bench, openBench } from './sdk.ts';
import { backupNames, group, ids, itemId, smallWorld, subscription } from './small-world.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench({ world: smallWorld() });
  return () => bench.simulator.close();
});

describe('backup', () => {
  const { container, item } = backupNames;
  const version = 'api-version=2023-06-01';
  const trigger = (more = {}) =>
    bench.ask('POST', `${itemId}/backup?${version}`, { properties: { objectType: 'IaasVMBackupRequest', ...more } });

  it('tells where a machine is protected, and that another one is not', async () => {
    const client = new RecoveryServicesBackupClient(bench.credential, subscription, bench.options);
    const status = await client.backupStatus.get('westeurope', {
      resourceType: 'VM',
      resourceId: ids.vm.toUpperCase(),
    });
    expect(status).toMatchObject({ protectionStatus: 'Protected', containerName: container, protectedItemName: item });
    expect(status.vaultId?.toLowerCase()).toBe(ids.vault.toLowerCase());
    expect(
      (await client.backupStatus.get('westeurope', { resourceType: 'VM', resourceId: ids.stopped })).protectionStatus,
    ).toBe('NotProtected');
    const filter = "backupManagementType eq 'AzureIaasVM'";
    expect(await all(client.backupProtectedItems.list('vault1', 'rg-web', { filter }))).toHaveLength(1);
  });

  it('gives a job, which is done only after the operation is, and then leaves a point', async () => {
    await bench.simulator.close();
    bench = await openBench({ world: smallWorld(), latency: 'realistic' });
    const started = await trigger();
    expect(started.status).toBe(202);
    const poll = new URL(started.headers.get('azure-asyncoperation') ?? '');
    const status = async () => (await bench.ask('GET', `${poll.pathname}${poll.search}`)).body;
    expect(await status()).toMatchObject({ status: 'InProgress', endTime: '0001-01-01T00:00:00' });
    await bench.control('POST', '/simulator/clock', { skipSeconds: 3 });
    const done = await status();
    expect(done).toMatchObject({ status: 'Succeeded', properties: { objectType: 'OperationStatusJobExtendedInfo' } });
    const jobId = String(at(done, 'properties', 'jobId'));
    const job = async () => (await bench.ask('GET', `${ids.vault}/backupJobs/${jobId}?${version}`)).body.properties;
    expect(await job()).toMatchObject({
      jobType: 'AzureIaaSVMJob',
      status: 'InProgress',
      extendedInfo: {
        tasksList: [
          { taskId: 'Take Snapshot', status: 'InProgress' },
          { taskId: 'Transfer data to vault', status: 'NotStarted' },
        ],
      },
    });
    await bench.control('POST', '/simulator/clock', { skipSeconds: 10 });
    expect(at(await job(), 'extendedInfo', 'tasksList')).toMatchObject([
      { status: 'Completed' },
      { status: 'InProgress' },
    ]);
    expect(await trigger()).toMatchObject({ status: 409 });
    await bench.control('POST', '/simulator/clock', { skipSeconds: 30 });
    expect(await job()).toMatchObject({ status: 'Completed' });
    const points = await bench.ask('GET', `${itemId}/recoveryPoints?${version}`);
    expect(points.body.value).toMatchObject([{ properties: { recoveryPointType: 'AppConsistent' } }]);
    const protectedItem = (await bench.ask('GET', `${itemId}?${version}`)).body.properties;
    expect(at(protectedItem, 'lastBackupTime')).toMatch(/^2026-11-23T02:3/);
  });

  it('refuses an expiry in the past and an item that is not there, and can fail', async () => {
    expect((await trigger({ recoveryPointExpiryTimeInUTC: '2020-01-01T00:00:00Z' })).status).toBe(400);
    expect((await bench.ask('POST', `${itemId}2/backup?${version}`, {})).status).toBe(404);
    await bench.control('POST', '/simulator/faults', [
      {
        match: { method: 'POST', path: '/backup' },
        effect: { failOperation: { code: 'GuestAgent', message: 'no agent' } },
      },
    ]);
    expect((await trigger()).status).toBe(202);
    await bench.control('POST', '/simulator/clock', { skipSeconds: 60 });
    const jobs = await bench.ask('GET', `${ids.vault}/backupJobs?${version}`);
    expect(jobs.body.value).toMatchObject([
      { properties: { status: 'Failed', errorDetails: [{ errorString: 'no agent' }] } },
    ]);
  });
});

describe('Defender', () => {
  it('prints alerts, plans and scores in camel case from rows in the case of Resource Graph', async () => {
    const client = new SecurityCenter(bench.credential, subscription, bench.options);
    const alerts = await all(client.alerts.list());
    expect(alerts[0]).toMatchObject({ alertType: 'VM_SuspectedBruteForce', status: 'Active', severity: 'High' });
    expect((await client.pricings.list()).value[0]).toMatchObject({ pricingTier: 'Standard', subPlan: 'P2' });
    expect((await all(client.secureScores.list()))[0]?.percentage).toBe(0.567);
  });
});

describe('just-in-time access', () => {
  const version = 'api-version=2020-01-01';
  const jitRules = async () => {
    const { body } = await bench.ask('GET', `${ids.nsg}?api-version=2026-01-01`);
    return records(at(body, 'properties', 'securityRules')).filter((rule) =>
      String(rule.name).startsWith('SecurityCenter'),
    );
  };
  const initiate = (end: string, number = 3389) =>
    bench.ask('POST', `${ids.jit}/initiate?${version}`, {
      virtualMachines: [
        { id: ids.vm, ports: [{ number, endTimeUtc: end, allowedSourceAddressPrefix: '198.51.100.7' }] },
      ],
      justification: 'case 1',
    });

  it('opens a port for the time that was asked and closes it again', async () => {
    const granted = await initiate('2026-11-23T03:30:00Z');
    expect(granted).toMatchObject({ status: 202, body: { requestor: 'responder@contoso.com' } });
    const [rule] = await jitRules();
    expect(rule?.properties).toMatchObject({ access: 'Allow', priority: 100, sourceAddressPrefix: '198.51.100.7' });
    const policy = await bench.ask('GET', `${ids.jit}?${version}`);
    expect(at(policy.body, 'properties', 'requests')).toMatchObject([{ justification: 'case 1' }]);
    await bench.control('POST', '/simulator/clock', { skipSeconds: 3601 });
    expect(await jitRules()).toEqual([]);
  });

  it('refuses a port that the policy does not name and a time beyond its bound', async () => {
    expect((await initiate('2026-11-23T03:30:00Z', 22)).status).toBe(400);
    expect((await initiate('2026-11-23T12:00:00Z')).status).toBe(400);
    expect(await jitRules()).toEqual([]);
  });

  it('puts its deny behind the rules that are there: an open port stays open', async () => {
    const { body } = await bench.ask('GET', `${ids.jit}?${version}`);
    expect((await bench.ask('PUT', `${ids.jit}?${version}`, body)).status).toBe(200);
    const [rule] = await jitRules();
    expect(rule?.properties).toMatchObject({ access: 'Deny', priority: 4096, destinationPortRange: '3389' });
    const machines = { properties: { virtualMachines: [] } };
    expect((await bench.ask('PUT', `${ids.jit}?${version}`, machines)).status).toBe(400);
  });
});

describe('authorization and the activity log', () => {
  it('lists assignments at, above and below a scope', async () => {
    await bench.simulator.close();
    const assignment = (scope: string, name: string) => ({
      id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      type: 'Microsoft.Authorization/roleAssignments',
      properties: {
        principalId: name,
        principalType: 'User',
        scope,
        roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635`,
      },
    });
    const world = smallWorld((each) => {
      (each.resources as unknown[]).push(
        assignment(`/subscriptions/${subscription}`, 'a'),
        assignment(group, 'b'),
        assignment(ids.vm, 'c'),
      );
    });
    bench = await openBench({ world });
    const client = new AuthorizationManagementClient(bench.credential, subscription, bench.options);
    const names = async (filter: string) =>
      (await all(client.roleAssignments.listForScope(group.slice(1), { filter }))).map((each) => each.principalId);
    expect(await names('')).toEqual(['a', 'b', 'c']);
    expect(await names('atScope()')).toEqual(['a', 'b']);
    const definition = await client.roleDefinitions.getById(
      `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635`,
    );
    expect(definition.roleName).toBe('Owner');
  });

  // Authorization specification 2022-04-01: "Create or update a role assignment by scope and name", 201 and 200; another name
  // for the same role and principal is refused (azure-cli issue 8568).
  it('takes the same assignment again under its name, and refuses it under another', async () => {
    await bench.simulator.close();
    bench = await openBench({ world: smallWorld() });
    const roleDefinitionId = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`;
    const put = (name: string, principalId: string) =>
      bench.ask('PUT', `${group}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`, {
        properties: { roleDefinitionId, principalId, principalType: 'ServicePrincipal' },
      });
    const first = await put('0b1f6471-1bf0-4dda-aec3-cb9272f09590', 'p1');
    expect(first.status).toBe(201);
    const again = await put('0b1f6471-1bf0-4dda-aec3-cb9272f09590', 'p1');
    expect(again.status).toBe(200);
    expect(again.body.id).toBe(first.body.id);
    expect(await put('1b1f6471-1bf0-4dda-aec3-cb9272f09590', 'p1')).toMatchObject({
      status: 409,
      code: 'RoleAssignmentExists',
    });
    expect(await put('0b1f6471-1bf0-4dda-aec3-cb9272f09590', 'p2')).toMatchObject({
      status: 400,
      code: 'RoleAssignmentUpdateNotPermitted',
    });
  });

  it('reads events within a time, newest first', async () => {
    await bench.simulator.close();
    const event = (minute: string, operation: string) => ({
      TimeGenerated: `2026-11-23T01:${minute}:00Z`,
      OperationNameValue: operation,
      Caller: 'mallory@contoso.com',
      SubscriptionId: subscription,
      _ResourceId: ids.nsg.toLowerCase(),
      ActivityStatusValue: 'Success',
    });
    const world = smallWorld((each) => {
      Object.assign(each.tables as object, {
        AzureActivity: [event('10', 'early'), event('40', 'late'), event('50', 'later')],
      });
    });
    bench = await openBench({ world });
    const ask = (filter: string) =>
      bench.ask(
        'GET',
        `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(filter)}`,
      );
    const found = await ask(`eventTimestamp ge '2026-11-23T01:30:00Z' and resourceUri eq '${ids.nsg}'`);
    expect(records(found.body.value).map((each) => at(each, 'operationName', 'value'))).toEqual(['later', 'late']);
    expect((await ask("caller eq 'mallory@contoso.com'")).status).toBe(400);
  });
});
