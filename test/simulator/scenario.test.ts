import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type ArmResource, parseWorld, type Row } from '../../src/simulator/world.ts';

const world = builtInWorld();
const ofType = (type: string): ArmResource[] =>
  world.resources.filter((resource) => resource.type.toLowerCase() === type.toLowerCase());
const machines = ofType('Microsoft.Compute/virtualMachines');
const table = (name: string): Row[] => world.tables[name] ?? [];

/** The value at a path through objects and lists; undefined where it leads nowhere. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value;
  for (const step of path) here = typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined;
  return here;
}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function one(type: string, name: string): ArmResource {
  const [found, ...more] = ofType(type).filter((resource) => resource.name === name);
  if (found === undefined || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} of ${type} ${name}`);
  return found;
}
const machine = (name: string): ArmResource => one('Microsoft.Compute/virtualMachines', name);
const nsg = (name: string): ArmResource => one('Microsoft.Network/networkSecurityGroups', name);
const rules = (name: string): unknown[] => list(nsg(name).properties?.securityRules);

const rowsOf = (name: string, vm: string): Row[] => {
  const id = machine(vm).id.toLowerCase();
  return table(name).filter((row) => row._ResourceId === id);
};
const events = (vm: string, eventId: number): Row[] =>
  rowsOf('SecurityEvent', vm).filter((row) => row.EventID === eventId);
const dayBefore = new Date(Date.parse(world.now) - 86_400_000).toISOString();
const lastDay = (rows: Row[]): Row[] => rows.filter((row) => text(row.TimeGenerated) >= dayBefore);
const failures = (vm: string): Row[] => lastDay(events(vm, 4625));
const from = (rows: Row[], address: string): Row[] => rows.filter((row) => row.IpAddress === address);
const toTheSecond = (row: Row | undefined): string => text(row?.TimeGenerated).slice(11, 19);
const distinct = (rows: Row[], column: string): number => new Set(rows.map((row) => row[column])).size;

describe('the built-in world as a whole', () => {
  it('is the same at every build, and each build is its own', () => {
    const other = builtInWorld();
    expect(JSON.stringify(other)).toBe(JSON.stringify(world));
    const seen = new Set<object>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      for (const child of Object.values(value)) collect(child);
    };
    collect(world);
    const shared: unknown[] = [];
    const visited = new Set<object>();
    const compare = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || visited.has(value)) return;
      visited.add(value);
      if (seen.has(value)) shared.push(value);
      for (const child of Object.values(value)) compare(child);
    };
    compare(other);
    expect(shared).toEqual([]);
  });

  it('is a valid world file', () => {
    expect(parseWorld(JSON.stringify(world), 'contoso.json')).toEqual(world);
  });

  it('has 25 machines in two subscriptions, seen by a guest', () => {
    expect(world.now).toBe('2026-11-23T02:20:11Z');
    expect(world.caller.upn).toBe('anna@contoso.com');
    expect(world.subscriptions.map((each) => each.displayName)).toEqual(['contoso-prod', 'contoso-dev']);
    expect(machines).toHaveLength(25);
    expect(machines.filter((vm) => vm.name === 'app01').map((vm) => vm.id.split('/')[4])).toEqual([
      'rg-app',
      'rg-app-dr',
    ]);
  });

  it('refers only to resources that exist', () => {
    const known = new Set<string>();
    const learn = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const id = at(value, 'id');
      // A reference is an object with nothing but an id (and, in a machine's NIC list, how it is attached).
      const named = at(value, 'name') !== undefined;
      if (typeof id === 'string' && named) known.add(id.toLowerCase());
      for (const child of Object.values(value)) learn(child);
    };
    for (const resource of world.resources) learn(resource);
    const missing: string[] = [];
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const id = at(value, 'id');
      if (typeof id === 'string' && /^\/subscriptions\//.test(id) && !known.has(id.toLowerCase())) missing.push(id);
      for (const child of Object.values(value)) check(child);
    };
    for (const resource of world.resources) check(resource.properties);
    // The ephemeral system disk is named by its machine and is no resource.
    expect(missing.filter((id) => !id.endsWith('/disks/web03-os'))).toEqual([]);
  });

  it('has no id twice, and every address of an attacker is one reserved for documentation', () => {
    const ids = world.resources.map((resource) => resource.id.toLowerCase());
    expect(new Set(ids).size).toBe(ids.length);
    const addresses = new Set(
      [...table('SecurityEvent'), ...table('VMConnection')].map((row) => text(row.IpAddress ?? row.RemoteIp)),
    );
    for (const address of addresses) expect(address).toMatch(/^(10\.|203\.0\.113\.|198\.51\.100\.|$)/);
  });

  it('keeps every row in its window of time and every table in order', () => {
    for (const name of ['SecurityEvent', 'Syslog', 'Heartbeat', 'VMConnection', 'AzureActivity']) {
      const times = table(name).map((row) => text(row.TimeGenerated));
      expect(times).toEqual([...times].sort());
      for (const time of times) expect(time).toMatch(/^2026-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
      expect((times.at(-1) ?? '') < world.now.replace('Z', '.0000000Z'), name).toBe(true);
    }
  });
});

describe('web01, broken into', () => {
  it('is guessed at 1,204 times, then logged on to', () => {
    const guess = from(failures('web01'), '203.0.113.77');
    expect(guess).toHaveLength(1204);
    expect([toTheSecond(guess[0]), toTheSecond(guess.at(-1))]).toEqual(['01:58:02', '02:14:07']);
    expect(
      new Set(guess.map((row) => `${row.TargetUserName} ${row.SubStatus} ${row.Status} ${row.LogonType}`)),
    ).toEqual(new Set(['svc-backup 0xc000006a 0xc000006d 3']));
    const perMinute = new Map<string, number>();
    for (const row of guess) {
      const minute = text(row.TimeGenerated).slice(0, 16);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...perMinute.values())).toBe(96);
    const [success, ...more] = from(events('web01', 4624), '203.0.113.77');
    expect(more).toEqual([]);
    expect(success).toMatchObject({ TargetUserName: 'svc-backup', LogonType: 10, Channel: 'Security' });
    expect(toTheSecond(success)).toBe('02:14:09');
    const next = rowsOf('SecurityEvent', 'web01').filter((row) => row.SubjectLogonId === success?.TargetLogonId);
    expect(next.map((row) => row.EventID)).toEqual([4672, 4688, 4720, 4722, 4732, 4698]);
    expect(rowsOf('Event', 'web01').map((row) => row.EventID)).toEqual([7045]);
  });

  it('was sprayed before, over 40 accounts, with 310 failures; 1,514 in the day', () => {
    const spray = from(failures('web01'), '198.51.100.9');
    expect(spray).toHaveLength(310);
    expect([toTheSecond(spray[0]), toTheSecond(spray.at(-1))]).toEqual(['00:10:40', '00:41:13']);
    expect(distinct(spray, 'TargetUserName')).toBe(40);
    const unknown = spray.filter((row) => row.SubStatus === '0xc0000064').length;
    expect(unknown).toBeGreaterThan(250);
    expect(unknown).toBeLessThan(310);
    expect(spray.some((row) => row.Status === '0xc0000234' && row.SubStatus === '0x0')).toBe(true);
    expect(failures('web01')).toHaveLength(1514);
    expect(events('web01', 4625).length).toBeGreaterThan(1514);
    // No sprayed account logs on: the spray has no success.
    const sprayed = new Set(spray.map((row) => row.TargetUserName));
    expect(events('web01', 4624).filter((row) => sprayed.has(row.TargetUserName))).toEqual([]);
  });

  it('carries names that are meant for the reader', () => {
    const stations = failures('web01').map((row) => text(row.WorkstationName));
    const names = failures('web01').map((row) => text(row.TargetUserName));
    expect(stations.some((name) => name.includes('\u001b]0;'))).toBe(true);
    expect(stations.some((name) => name.includes('\u001b[2J'))).toBe(true);
    expect(new Set(stations).size).toBeGreaterThan(1000);
    expect(names.some((name) => name.includes('\u202e'))).toBe(true);
    expect(names.some((name) => name.startsWith('=cmd|'))).toBe(true);
    expect(names.some((name) => name.length === 300)).toBe(true);
  });

  it('is open by three rules of a group that serves nine machines', () => {
    const inbound = rules('web-nsg').map((rule) => [
      at(rule, 'name'),
      at(rule, 'properties', 'priority'),
      at(rule, 'properties', 'access'),
      at(rule, 'properties', 'destinationPortRange'),
      at(rule, 'properties', 'sourceAddressPrefix'),
    ]);
    expect(inbound).toEqual([
      ['allow-rdp', 300, 'Allow', '3389', '*'],
      ['allow-rdp-alt', 310, 'Allow', '4389', '*'],
      ['allow-https', 320, 'Allow', '443', '*'],
      ['deny-all', 400, 'Deny', '*', '*'],
    ]);
    expect(list(nsg('web-nsg').properties?.networkInterfaces)).toHaveLength(9);
    expect(list(nsg('web-nsg').properties?.defaultSecurityRules)).toHaveLength(6);
    const nic = one('Microsoft.Network/networkInterfaces', 'web01-nic');
    expect(at(nic, 'properties', 'ipConfigurations', 0, 'properties', 'privateIPAddress')).toBe('10.1.4.7');
    expect(one('Microsoft.Network/publicIPAddresses', 'web01-ip')).toMatchObject({
      sku: { name: 'Standard' },
      properties: { ipAddress: '20.51.7.14' },
    });
    expect(at(machine('web01'), 'properties', 'storageProfile', 'dataDisks')).toHaveLength(2);
  });

  it('misses three critical updates and waits for a reboot since the 19th', () => {
    const own = table('patchassessmentresources').filter((row) => text(row.id).startsWith(machine('web01').id));
    const [summary, ...patches] = own;
    expect(summary?.type).toBe('microsoft.compute/virtualmachines/patchassessmentresults');
    expect(at(summary, 'properties', 'availablePatchCountByClassification', 'critical')).toBe(3);
    expect(at(summary, 'properties', 'rebootPending')).toBe(true);
    const age = (kb: string): number => {
      const patch = patches.find((row) => at(row, 'properties', 'kbId') === kb);
      return Math.floor(
        (Date.parse(world.now) - Date.parse(text(at(patch, 'properties', 'publishedDateTime')))) / 86_400_000,
      );
    };
    expect([age('5034439'), age('5034127'), age('5033371')]).toEqual([41, 41, 69]);
    expect(at(table('patchinstallationresources')[0], 'properties', 'lastModifiedDateTime')).toMatch(/^2026-11-19/);
  });

  it('has two alerts, vulnerable 7-Zip, a failing backup of the 14th and an identity that may change its group', () => {
    const security = table('securityresources');
    const alerts = security.filter((row) => row.type === 'microsoft.security/locations/alerts');
    const active = alerts.filter((row) => at(row, 'properties', 'Status') === 'Active');
    const onWeb = active.filter(
      (row) => at(row, 'properties', 'ResourceIdentifiers', 0, 'AzureResourceId') === machine('web01').id.toLowerCase(),
    );
    expect([onWeb.length, active.length, alerts.length]).toEqual([2, 3, 4]);
    expect(
      security.some(
        (row) => at(row, 'properties', 'softwareName') === '7-zip' && at(row, 'properties', 'version') === '19.00',
      ),
    ).toBe(true);
    expect(
      security.filter((row) => text(at(row, 'properties', 'additionalData', 'CvesDetails')).includes('CVE-2023-31102')),
    ).toHaveLength(1);
    // Removed from Azure on 2026-07-31, which is before this world's day.
    expect(security.filter((row) => text(row.id).includes('1195afff'))).toEqual([]);
    const score = security.filter((row) => row.type === 'microsoft.security/securescores');
    expect(score.map((row) => at(row, 'properties', 'score', 'percentage'))).toEqual([0.54, 0.41]);
    const item = world.backup.protectedItems.find((each) => each.properties?.friendlyName === 'web01');
    expect(item?.id).toMatch(/^\/Subscriptions\//);
    expect(item?.properties?.lastRecoveryPoint).toMatch(/^2026-11-14/);
    expect(item?.properties).toMatchObject({
      lastBackupStatus: 'Failed',
      lastBackupTime: expect.stringMatching(/^2026-11-17/),
    });
    expect(world.backup.recoveryPoints[item?.id ?? '']).toHaveLength(7);
    const principal = at(machine('web01'), 'identity', 'principalId');
    const role = ofType('Microsoft.Authorization/roleAssignments').find(
      (each) => each.properties?.principalId === principal,
    );
    expect(role?.properties?.scope).toMatch(/\/resourceGroups\/rg-web$/);
    expect(
      ofType('Microsoft.Security/locations/jitNetworkAccessPolicies').some((each) =>
        JSON.stringify(each).includes('web01'),
      ),
    ).toBe(false);
  });
});

describe('the other machines', () => {
  it('counts their failures as the suspects list shows them', () => {
    expect(failures('sql02')).toHaveLength(806);
    expect(distinct(failures('sql02'), 'IpAddress')).toBe(1);
    expect(failures('mail01')).toHaveLength(412);
    expect(distinct(failures('mail01'), 'TargetUserName')).toBe(40);
    expect(failures('app03')).toEqual([]);
    expect(events('app03', 4624).length).toBeGreaterThan(0);
    for (const vm of ['sql02', 'mail01']) {
      const attacked = new Set(failures(vm).flatMap((row) => [row.TargetUserName, row.IpAddress]));
      const successes = events(vm, 4624);
      expect(successes.length).toBeGreaterThan(0);
      expect(successes.filter((row) => attacked.has(row.TargetUserName) || attacked.has(row.IpAddress))).toEqual([]);
    }
  });

  it('logs 3,220 failures of sshd on lin-build, some of them twice, and no success of an attacker', () => {
    const lines = lastDay(rowsOf('Syslog', 'lin-build'));
    const failed = lines.filter((row) => text(row.SyslogMessage).startsWith('Failed password'));
    const once = new Set(failed.map((row) => JSON.stringify(row)));
    expect(once.size).toBe(3220);
    expect(failed.length).toBeGreaterThan(3220);
    expect(new Set(failed.map((row) => row.ProcessName))).toEqual(new Set(['sshd', 'sshd-session']));
    expect(failed.some((row) => text(row.SyslogMessage).includes('invalid user'))).toBe(true);
    expect(lines.some((row) => text(row.SyslogMessage).includes('rhost='))).toBe(true);
    const accepted = lines.filter((row) => text(row.SyslogMessage).startsWith('Accepted'));
    expect(accepted.map((row) => text(row.SyslogMessage).split(' ').slice(0, 6).join(' '))).toEqual([
      'Accepted publickey for runner from 10.1.9.31',
    ]);
    const key = rowsOf('Syslog', 'dev-api').at(-1);
    expect(text(key?.SyslogMessage)).toMatch(/^Accepted publickey for deploy/);
  });

  it('has machines that say nothing, and one that says half', () => {
    for (const vm of ['legacy7', 'edge01']) {
      for (const name of ['SecurityEvent', 'Heartbeat', 'Syslog']) expect(rowsOf(name, vm)).toEqual([]);
    }
    expect(events('file01', 4625).length).toBeGreaterThan(0);
    expect(events('file01', 4624)).toEqual([]);
    const collected = Object.values(world.workspaces ?? {}).flat();
    expect(collected).toContain(machine('file01').id.toLowerCase());
    expect(collected).not.toContain(machine('legacy7').id.toLowerCase());
  });

  it('assesses patches as the suspects list shows them', () => {
    const summary = (vm: string): unknown =>
      table('patchassessmentresources').find((row) => row.id === `${machine(vm).id}/patchAssessmentResults/latest`);
    const count = (vm: string, kind: string): unknown =>
      at(summary(vm), 'properties', 'availablePatchCountByClassification', kind);
    expect([count('sql02', 'critical'), count('mail01', 'critical'), count('app03', 'security')]).toEqual([11, 0, 0]);
    expect([count('lin-build', 'security'), count('jump01', 'security')]).toEqual([2, 1]);
    expect([summary('legacy7'), summary('print01')]).toEqual([undefined, undefined]);
    const age = Date.parse(world.now) - Date.parse(text(at(summary('kiosk01'), 'properties', 'lastModifiedDateTime')));
    expect(age).toBeGreaterThan(7 * 86_400_000);
  });

  it('backs up some, never finished one, and does not know others', () => {
    const last = (vm: string): unknown => {
      const item = world.backup.protectedItems.find((each) => each.properties?.virtualMachineId === machine(vm).id);
      // The last operation may have failed: what counts is the last point.
      return item?.properties?.lastRecoveryPoint ?? item?.properties?.lastBackupTime;
    };
    const hours = (vm: string): number => Math.floor((Date.parse(world.now) - Date.parse(text(last(vm)))) / 3_600_000);
    expect([hours('mail01'), hours('app03')]).toEqual([6, 2]);
    expect([
      Math.floor(hours('sql02') / 24),
      Math.floor(hours('jump01') / 24),
      Math.floor(hours('web01') / 24),
    ]).toEqual([1, 1, 9]);
    expect([last('lin-build'), last('legacy7'), last('web02')]).toEqual([undefined, undefined, undefined]);
    expect(last('batch01')).toBe('2001-01-01T00:00:00Z');
    const points = Object.values(world.backup.recoveryPoints).flat();
    expect(new Set(points.map((point) => point.properties?.recoveryPointType))).toEqual(
      new Set(['AppConsistent', 'CrashConsistent']),
    );
  });

  it('hides and opens doors in each way that an evaluator must see through', () => {
    const nicOf = (name: string): ArmResource => one('Microsoft.Network/networkInterfaces', name);
    const natRule = at(
      one('Microsoft.Network/loadBalancers', 'sql-lb'),
      'properties',
      'inboundNatRules',
      0,
      'properties',
    );
    expect(natRule).toMatchObject({ frontendPort: 50001, backendPort: 3389 });
    expect(text(at(natRule, 'backendIPConfiguration', 'id'))).toContain('/sql02-nic/');
    expect(nicOf('print01-nic').properties?.networkSecurityGroup).toBeUndefined();
    expect(one('Microsoft.Network/publicIPAddresses', 'print01-ip').sku).toMatchObject({ name: 'Standard' });
    expect(nicOf('kiosk01-nic').properties?.networkSecurityGroup).toBeUndefined();
    expect(one('Microsoft.Network/publicIPAddresses', 'kiosk01-ip').sku).toMatchObject({ name: 'Basic' });
    expect(list(nsg('edge-subnet-nsg').properties?.subnets)).toHaveLength(1);
    expect(at(rules('half-nsg')[0], 'properties', 'sourceAddressPrefixes')).toEqual(['0.0.0.0/1', '128.0.0.0/1']);
    expect(at(rules('shop-nsg')[0], 'properties')).toMatchObject({ destinationPortRanges: ['80', '8080-8090'] });
    expect(at(rules('safe-nsg')[0], 'properties', 'access')).toBe('Deny');
    const dnat = at(
      one('Microsoft.Network/azureFirewalls', 'hub-firewall'),
      'properties',
      'natRuleCollections',
      0,
      'properties',
      'rules',
      0,
    );
    expect(dnat).toMatchObject({ translatedAddress: '10.1.12.4', translatedPort: '3389' });
    expect(at(nicOf('fwd01-nic'), 'properties', 'ipConfigurations', 0, 'properties', 'privateIPAddress')).toBe(
      '10.1.12.4',
    );
    const gate = list(at(machine('gate01'), 'properties', 'networkProfile', 'networkInterfaces'));
    expect(gate).toHaveLength(2);
    expect(at(nicOf('gate01-nic2'), 'properties', 'ipConfigurations')).toHaveLength(2);
  });

  it('has every kind of disk that changes how evidence is kept', () => {
    const skus = (vm: string): unknown[] =>
      list(at(machine(vm), 'properties', 'storageProfile', 'dataDisks')).map((disk) =>
        at(disk, 'managedDisk', 'storageAccountType'),
      );
    expect(skus('sql01')).toEqual(['UltraSSD_LRS', 'PremiumV2_LRS']);
    expect(skus('batch01')).toEqual([]);
    expect(at(machine('web03'), 'properties', 'storageProfile', 'osDisk', 'diffDiskSettings', 'option')).toBe('Local');
    expect(one('Microsoft.Compute/disks', 'pay01-os').properties?.encryption).toMatchObject({
      type: 'EncryptionAtRestWithCustomerKey',
    });
    expect(one('Microsoft.Compute/disks', 'jump01-os').properties?.diskState).toBe('Reserved');
  });

  it('limits the caller', () => {
    const scoped = world.denied.filter((denial) => typeof denial !== 'string');
    expect(world.denied).toContain('Microsoft.Network/networkManagers/read');
    expect(scoped.filter((denial) => denial.scope.endsWith('/rg-locked')).map((denial) => denial.action)).toEqual([
      'Microsoft.Network/networkInterfaces/write',
      'Microsoft.Network/networkSecurityGroups/write',
      'Microsoft.Compute/snapshots/write',
      'Microsoft.Compute/virtualMachines/patchAssessmentResults/*',
    ]);
    expect(scoped.some((denial) => denial.action === '*' && denial.scope.endsWith('/rg-keys'))).toBe(true);
    expect(machines.some((vm) => vm.id.includes('/rg-keys/'))).toBe(false);
  });
});

const kql = resolve(process.env.CORDON_SHARED ?? '../shared', 'kql/schemas.json');
if (!existsSync(kql)) console.warn(`the table schemas are not at ${kql}: columns of the built-in logs are not checked`);

describe.skipIf(!existsSync(kql))('the columns of the logs', () => {
  it('are those of the real tables, with their types', () => {
    const schemas: unknown = JSON.parse(readFileSync(kql, 'utf8'));
    const fits: Record<string, (value: unknown) => boolean> = {
      int: (value) => Number.isInteger(value),
      string: (value) => typeof value === 'string',
      datetime: (value) => Number.isFinite(Date.parse(text(value))),
      bool: (value) => typeof value === 'boolean',
      dynamic: () => true,
    };
    const wrong = new Set<string>();
    for (const name of [
      'SecurityEvent',
      'Syslog',
      'Heartbeat',
      'Event',
      'patchassessmentresources',
      'securityresources',
    ]) {
      const columns = at(schemas, 'tables', name);
      expect(table(name).length, name).toBeGreaterThan(0);
      for (const row of table(name)) {
        for (const [column, value] of Object.entries(row)) {
          const type = text(at(columns, column));
          if (fits[type]?.(value) !== true) wrong.add(`${name}.${column}: ${type}`);
        }
      }
    }
    expect([...wrong]).toEqual([]);
  });
});
