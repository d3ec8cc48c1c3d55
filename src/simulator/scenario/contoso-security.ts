// What Contoso's machines lack, what Defender says of them, what is backed up, and who may do what.
import type { ArmResource, Denial, Row, World } from '../world.ts';
import { lock, roleAssignment, roleDefinition } from './access.ts';
import { backups, type Protection, vault } from './backup.ts';
import { intruder } from './contoso-logs.ts';
import type { Member } from './contoso-machines.ts';
import { inDev, inProd } from './contoso-network.ts';
import {
  alert,
  assessment,
  justInTimePolicy,
  plan,
  programToUpdate,
  type Recommendation,
  recommendationKeys,
  secureScore,
  software,
} from './defender.ts';
import { assessmentRows, type Installation, installationRows, type Patch } from './patches.ts';
import { guidOf } from './seeded.ts';
import { anna, armId, dev, groupId, prod, tenantId } from './tenant.ts';
import { ago, at, day, hour, minute, now } from './time.ts';

const october = '2026-10-13';
const september = '2026-09-15';

const critical: Patch[] = [
  {
    kb: '5034439',
    name: '2026-10 Security Update for the Windows Recovery Environment (KB5034439)',
    classification: 'Critical',
    published: october,
  },
  {
    kb: '5034127',
    name: '2026-10 Cumulative Update for Windows Server 2019 (1809) (KB5034127)',
    classification: 'Critical',
    published: october,
    reboot: 'AlwaysRequiresReboot',
  },
  {
    kb: '5035849',
    name: '2026-11 Remote Desktop Services Security Update (KB5035849)',
    classification: 'Critical',
    published: '2026-11-10',
    reboot: 'AlwaysRequiresReboot',
  },
];
const security: Patch[] = [
  {
    kb: '5033371',
    name: '2026-09 Cumulative Update for Windows Server 2019 (1809) (KB5033371)',
    classification: 'Security',
    published: september,
  },
  {
    kb: '5033904',
    name: '2026-10 Security Update for .NET Framework 4.8 (KB5033904)',
    classification: 'Security',
    published: october,
  },
];
const others: Patch[] = [
  {
    kb: '5034624',
    name: '2026-10 Cumulative Update Preview for .NET Framework (KB5034624)',
    classification: 'UpdateRollUp',
    published: '2026-10-27',
  },
  {
    kb: '890830',
    name: 'Windows Malicious Software Removal Tool x64 - v5.130 (KB890830)',
    classification: 'UpdateRollUp',
    published: '2026-11-10',
    reboot: 'NeverReboots',
  },
  {
    kb: '2267602',
    name: 'Security Intelligence Update for Microsoft Defender Antivirus - KB2267602',
    classification: 'Definition',
    published: '2026-11-20',
    reboot: 'NeverReboots',
  },
];
const definitions = others.slice(2);
const oldServer: Patch[] = Array.from({ length: 8 }, (_, index) => ({
  kb: String(5021654 + index * 1717),
  name: `2026-0${index + 1} Cumulative Update for Windows Server 2016 (KB${5021654 + index * 1717})`,
  classification: 'Critical',
  published: `2026-0${index + 1}-14`,
  reboot: 'AlwaysRequiresReboot',
}));
// Never installed on a machine that was restored from an old image: Remote Desktop Services (CVE-2019-1181).
const remoteDesktop: Patch = {
  kb: '4512517',
  name: '2019-08 Cumulative Update for Windows Server 2016 (1607) (KB4512517)',
  classification: 'Security',
  published: '2019-08-13',
  reboot: 'AlwaysRequiresReboot',
};
const linux: Patch[] = [
  { name: 'openssl', classification: 'Security', version: '3.0.2-0ubuntu1.18' },
  { name: 'libssl3', classification: 'Security', version: '3.0.2-0ubuntu1.18' },
  ...['curl', 'git', 'tzdata', 'snapd', 'python3.10'].map(
    (name): Patch => ({ name, classification: 'Other', version: '2:1.7-1ubuntu3' }),
  ),
];

interface Assessed {
  age: number;
  missing: Patch[];
  rebootPending?: boolean;
  service?: 'WU-WSUS';
  kbField?: 'Kbid';
}

// legacy7 and print01 have never been assessed.
const assessed: Record<string, Assessed> = {
  web01: { age: 2 * day + hour, missing: [...critical, ...security, ...others], rebootPending: true },
  sql02: {
    age: day + 3 * hour,
    missing: [...critical, ...oldServer, ...security, remoteDesktop, ...definitions],
    rebootPending: true,
    kbField: 'Kbid',
  },
  mail01: { age: 20 * hour, missing: definitions, service: 'WU-WSUS' },
  'lin-build': { age: 19 * hour, missing: linux },
  app03: { age: 15 * hour, missing: [] },
  jump01: { age: day + 10 * hour, missing: security.slice(1) },
  // Older than Azure keeps an assessment for: what it says is not what is.
  kiosk01: { age: 11 * day, missing: critical.slice(0, 1) },
  'dev-api': { age: 22 * hour, missing: linux.slice(2) },
  'dev-web': { age: 22 * hour, missing: linux.slice(2) },
};
const neverAssessed = ['legacy7', 'print01'];

function installed(members: Member[]): Row[] {
  const runs: [name: string, run: Omit<Installation, 'machineId' | 'os'>][] = [
    [
      'web01',
      {
        // 2026-11-19, after which the reboot is pending.
        age: at(now) - at('2026-11-19T04:20:10Z'),
        status: 'CompletedWithWarnings',
        rebootStatus: 'Required',
        exceeded: true,
        error: {
          code: 'MaintenanceWindowExceeded',
          message: 'The maintenance window ended before all updates were done.',
        },
        patches: [
          { kb: '5032339', name: '2026-08 Cumulative Update for .NET Framework (KB5032339)', state: 'Installed' },
          { kb: '5031990', name: '2026-08 Servicing Stack Update (KB5031990)', state: 'Installed' },
          ...critical.map(({ kb = '', name }, index) => ({
            kb,
            name,
            state: index === 1 ? ('Failed' as const) : ('Pending' as const),
          })),
        ],
      },
    ],
    [
      'app03',
      {
        age: 6 * day,
        status: 'Succeeded',
        rebootStatus: 'Completed',
        patches: [
          { kb: '5034129', name: '2026-11 Cumulative Update for Windows Server 2022 (KB5034129)', state: 'Installed' },
        ],
      },
    ],
    [
      'jump01',
      {
        age: 8 * day,
        status: 'Succeeded',
        rebootStatus: 'NotNeeded',
        patches: security.slice(1).map(({ kb = '', name }) => ({ kb, name, state: 'Excluded' as const })),
      },
    ],
    [
      'lin-build',
      {
        age: 3 * day,
        status: 'Succeeded',
        rebootStatus: 'NotNeeded',
        patches: linux.slice(1, 4).map(({ name, version = '' }) => ({ name, version, state: 'NotSelected' as const })),
      },
    ],
  ];
  return runs.flatMap(([name, run]) => {
    const member = members.find((each) => each.name === name);
    return member ? installationRows({ machineId: member.id, os: member.system.os, ...run }) : [];
  });
}

function patchTables(members: Member[]): Record<string, Row[]> {
  const patchassessmentresources = members
    .filter((member) => !neverAssessed.includes(member.name))
    .flatMap((member) => {
      const found = assessed[member.name] ?? { age: 30 * hour, missing: definitions };
      const { rebootPending = false, ...rest } = found;
      return assessmentRows({ machineId: member.id, os: member.system.os, rebootPending, ...rest });
    });
  return { patchassessmentresources, patchinstallationresources: installed(members) };
}

// Which recommendations a machine does not follow; the rest it follows.
const unhealthy: Record<string, Recommendation[]> = {
  web01: ['closePorts', 'justInTime', 'restrictPorts', 'subnetGroup', 'updates'],
  sql02: ['closePorts', 'justInTime', 'restrictPorts', 'updates'],
  mail01: ['subnetGroup'],
  'lin-build': ['closePorts', 'justInTime', 'restrictPorts', 'updates', 'backup'],
  kiosk01: ['closePorts', 'justInTime', 'restrictPorts', 'updates', 'backup'],
  half01: ['restrictPorts', 'backup'],
  jump01: ['closePorts', 'justInTime'],
  fwd01: ['closePorts', 'justInTime', 'backup'],
};

function defenderRows(members: Member[]): Row[] {
  const byName = (name: string): Member => {
    const found = members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`no machine ${name}`);
    return found;
  };
  const [web, sql, mail] = [byName('web01'), byName('sql02'), byName('mail01')];
  const on = (member: Member) => ({ place: member.place, machineId: member.id, machine: member.name });
  const bruteForce = 'Someone has tried to guess passwords on this machine';
  return [
    alert({
      ...on(web),
      alertType: 'VM_LoginBruteForceSuccess',
      title: 'Successful brute force attack',
      description: `${bruteForce}, and a sign-in from the same source has succeeded. The host may be compromised.`,
      severity: 'High',
      intent: 'Exploitation',
      techniques: ['T1110', 'T1110.001'],
      start: '2026-11-23T01:58:02.118Z',
      end: '2026-11-23T02:14:09.306Z',
      attacker: intruder,
      attempts: 1204,
    }),
    alert({
      ...on(web),
      alertType: 'VM_SuspiciousAccountCreation',
      title: 'Suspicious account creation detected',
      description: 'A local account, helpdesk2, was created; its name resembles that of a legitimate account.',
      severity: 'Medium',
      intent: 'Persistence',
      start: '2026-11-23T02:15:31.040Z',
      end: '2026-11-23T02:15:31.040Z',
      attacker: intruder,
      attempts: 0,
    }),
    alert({
      ...on(sql),
      alertType: 'VM_LoginBruteForceValidUserFailed',
      title: 'Failed brute force attack against an existing user',
      description: `${bruteForce}; none has succeeded, but some of the accounts exist.`,
      severity: 'Medium',
      intent: 'Probing',
      start: '2026-11-22T21:30:05.071Z',
      end: '2026-11-22T22:58:40.930Z',
      attacker: '203.0.113.201',
      attempts: 806,
    }),
    alert({
      ...on(mail),
      alertType: 'VM_LoginBruteForceInvalidUserFailed',
      title: 'Failed brute force attack',
      description: `${bruteForce}; none has succeeded.`,
      severity: 'Low',
      intent: 'Probing',
      start: '2026-11-20T08:01:00Z',
      end: '2026-11-20T09:14:00Z',
      attacker: '198.51.100.77',
      attempts: 97,
      status: 'Dismissed',
    }),
    // Defender for Servers covers the production subscription only.
    ...members
      .filter((member) => member.place.subscription === prod)
      .flatMap((member) =>
        recommendationKeys.map((key) =>
          assessment(member.id, key, unhealthy[member.name]?.includes(key) === true ? 'Unhealthy' : 'Healthy'),
        ),
      ),
    programToUpdate(web.id, {
      title: 'Update 7-Zip',
      program: '7-zip',
      vendor: '7-zip',
      version: '19.00',
      severity: 'High',
      cves: [
        {
          cve: 'CVE-2023-31102',
          severity: 'High',
          score: 7.8,
          fixedVersion: '23.00',
          published: '2023-11-03T05:15:00Z',
          description: '7-Zip 7Z archive parsing integer underflow.',
        },
        {
          cve: 'CVE-2023-40481',
          severity: 'Unknown',
          fixedVersion: '23.00',
          published: '2023-08-25T00:00:00Z',
          description: '7-Zip SquashFS parsing out of bounds write. It is another hole than CVE-2023-40480.',
        },
      ],
    }),
    programToUpdate(web.id, {
      title: 'Update Windows Server 2019',
      program: 'windows_server_2019',
      vendor: 'microsoft',
      version: '10.0.17763.5329',
      severity: 'High',
      remediation: 'Install the update KB5035849 of November 2026.',
      cves: [
        {
          cve: 'CVE-2026-31337',
          severity: 'Critical',
          score: 9.8,
          fixedVersion: '10.0.17763.5576',
          published: '2026-11-10T08:00:00Z',
          description: 'Windows Remote Desktop Services Remote Code Execution Vulnerability.',
        },
      ],
    }),
    programToUpdate(sql.id, {
      title: 'Update SQL Server 2016',
      program: 'sql_server_2016',
      vendor: 'microsoft',
      version: '13.0.6300.2',
      severity: 'High',
      age: 24 * day,
      cves: [
        {
          cve: 'CVE-2022-29143',
          severity: 'High',
          score: 7.5,
          fixedVersion: '13.0.6419.1',
          published: '2022-06-15T22:15:00Z',
          description: 'Microsoft SQL Server Remote Code Execution Vulnerability.',
        },
      ],
    }),
    // Updated since, and judged again: that it was looked at is known, and that nothing is known of it.
    programToUpdate(byName('app03').id, {
      title: 'Update .NET 8',
      program: '.net_8',
      vendor: 'microsoft',
      version: '8.0.11',
      severity: 'High',
      code: 'Healthy',
      cves: [],
    }),
    software(web.id, '7-zip', '7-zip', '19.00', 2),
    software(web.id, 'oracle', 'jre', '8.0.2710.9', 14, ['versionNoLongerSupported', '2022-03-31']),
    software(web.id, 'microsoft', 'sql_server_2016_express', '13.2.5026', 3, [
      'upcomingNoLongerSupported',
      '2026-07-14',
    ]),
    software(web.id, 'microsoft', 'iis', '10.0', 0),
    software(web.id, 'notepad++', 'notepad++', '8.6.2', 0),
    software(byName('app03').id, 'microsoft', '.net_8', '8.0.11', 0),
    ...secureScore(prod, 58, 0.54, [
      { name: 'Enable MFA', max: 10, current: 0, healthy: 0, unhealthy: 1 },
      { name: 'Secure management ports', max: 8, current: 5.09, healthy: 14, unhealthy: 8 },
      { name: 'Remediate vulnerabilities', max: 6, current: 5.73, healthy: 21, unhealthy: 1 },
      { name: 'Apply system updates', max: 6, current: 4.91, healthy: 18, unhealthy: 4 },
      { name: 'Restrict unauthorized network access', max: 4, current: 3.09, healthy: 17, unhealthy: 5 },
    ]),
    ...secureScore(dev, 24, 0.41, [{ name: 'Apply system updates', max: 6, current: 2, healthy: 1, unhealthy: 2 }]),
    plan(prod, 'VirtualMachines', 'Standard', 'P2'),
    plan(prod, 'StorageAccounts', 'Free'),
    plan(dev, 'VirtualMachines', 'Free'),
  ];
}

function protections(members: Member[], own: Protection['vault'], guarded: Protection['vault']): Protection[] {
  const ages: [name: string, age: number | undefined, extra?: Partial<Protection>][] = [
    ['web01', at(now) - at('2026-11-14T00:35:12Z'), { points: 7, failing: true }],
    ['sql02', day + 2 * hour],
    ['sql01', day + hour],
    ['mail01', 6 * hour + 4 * minute, { vault: guarded }],
    ['app03', 2 * hour + 9 * minute],
    ['jump01', day + 8 * hour],
    ['file01', 8 * hour],
    ['shop01', 20 * hour],
    ['pay01', 12 * hour],
    ['gate01', day + 5 * hour],
    ['batch01', undefined],
    // Deleted by a clean-up script: the vault still keeps it.
    ['fwd01', 5 * day, { deletedAge: 2 * day + 9 * hour + 50 * minute }],
  ];
  return ages.flatMap(([name, age, extra]) => {
    const member = members.find((each) => each.name === name);
    if (member === undefined) return [];
    return [
      { vault: own, place: member.place, machine: name, ...(age === undefined ? {} : { lastAge: age }), ...extra },
    ];
  });
}

function access(members: Member[]): ArmResource[] {
  const identity = (name: string): string => {
    const id = members.find((member) => member.name === name)?.id ?? '';
    return guidOf(`principal:${id}`);
  };
  const webGroup = groupId(inProd('rg-web'));
  const dataGroup = groupId(inProd('rg-data'));
  return [
    ...[prod, dev].flatMap((subscription) => [
      roleDefinition(subscription, 'owner'),
      roleDefinition(subscription, 'contributor'),
      roleDefinition(subscription, 'reader'),
      roleAssignment(subscription, `/subscriptions/${subscription}`, 'contributor', anna.oid, 'User'),
    ]),
    roleAssignment(prod, webGroup, 'contributor', identity('web01'), 'ServicePrincipal'),
    roleAssignment(prod, dataGroup, 'reader', identity('sql01'), 'ServicePrincipal'),
    lock(
      armId(inProd('rg-web'), 'Microsoft.Network/networkSecurityGroups', 'web-nsg'),
      'keep',
      'CanNotDelete',
      'serves nine machines',
    ),
    lock(groupId(inProd('rg-backup')), 'keep-backups', 'CanNotDelete', 'ask the backup team'),
    lock(
      groupId(inProd('rg-app-dr', 'westus')),
      'frozen',
      'ReadOnly',
      'disaster recovery, frozen until the test in January',
    ),
  ];
}

function keys(): ArmResource[] {
  const place = inProd('rg-keys');
  const vaultId = armId(place, 'Microsoft.KeyVault/vaults', 'kv-payroll');
  const setId = armId(place, 'Microsoft.Compute/diskEncryptionSets', 'des-payroll');
  return [
    {
      id: vaultId,
      name: 'kv-payroll',
      type: 'Microsoft.KeyVault/vaults',
      location: place.location,
      tags: {},
      properties: {
        sku: { family: 'A', name: 'premium' },
        tenantId,
        enabledForDiskEncryption: true,
        enableSoftDelete: true,
        enablePurgeProtection: true,
        enableRbacAuthorization: true,
        vaultUri: 'https://kv-payroll.vault.azure.net/',
        provisioningState: 'Succeeded',
      },
    },
    {
      id: setId,
      name: 'des-payroll',
      type: 'Microsoft.Compute/diskEncryptionSets',
      location: place.location,
      identity: { type: 'SystemAssigned', principalId: guidOf('principal:des-payroll'), tenantId },
      properties: {
        activeKey: {
          sourceVault: { id: vaultId },
          keyUrl: 'https://kv-payroll.vault.azure.net/keys/disks/4f1c2b8e90d34a6fb7a1c5d0e8f92b36',
        },
        encryptionType: 'EncryptionAtRestWithCustomerKey',
        rotationToLatestKeyVersionEnabled: false,
        provisioningState: 'Succeeded',
      },
    },
  ];
}

const guardedVault = inProd('rg-vault');

/** What the caller may not do. Everything else is permitted. */
export function contosoDenied(): Denial[] {
  const locked = groupId(inProd('rg-locked'));
  return [
    // Network managers are read at the tenant root, where a guest has no role.
    'Microsoft.Network/networkManagers/read',
    { action: 'Microsoft.Network/networkInterfaces/write', scope: locked },
    { action: 'Microsoft.Network/networkSecurityGroups/write', scope: locked },
    { action: 'Microsoft.Compute/snapshots/write', scope: locked },
    { action: '*', scope: groupId(inProd('rg-keys')) },
    {
      action: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read',
      scope: groupId(guardedVault),
    },
    // In the development subscription the caller is a reader of single groups.
    { action: 'Microsoft.Security/pricings/read', scope: `/subscriptions/${dev}` },
    { action: 'Microsoft.Security/secureScores/*', scope: `/subscriptions/${dev}` },
    // Assessments of this machine are not for the caller, although the machine is.
    { action: 'Microsoft.Compute/virtualMachines/patchAssessmentResults/*', scope: groupId(inProd('rg-locked')) },
  ];
}

/** Resources, Resource Graph tables and backups. */
export function contosoSecurity(members: Member[]): {
  resources: ArmResource[];
  tables: Record<string, Row[]>;
  backup: World['backup'];
} {
  const own = vault(inProd('rg-backup'), 'vault-eus');
  // Neither the caller nor anyone else can do much with this one.
  const guarded = vault(guardedVault, 'vault-guarded', {
    softDelete: 'AlwaysON',
    immutability: 'Locked',
    multiUser: 'Enabled',
  });
  const backup = backups(protections(members, own, guarded));
  const gate = members.find((member) => member.name === 'gate01');
  return {
    resources: [
      ...own.resources,
      ...guarded.resources,
      ...(gate === undefined ? [] : [justInTimePolicy(gate.place, gate.id, 'm.keller@contoso.com', '192.0.2.21')]),
      ...access(members),
      ...keys(),
    ],
    tables: {
      ...patchTables(members),
      securityresources: defenderRows(members),
    },
    backup,
  };
}

/** Where the logs of the machines in a subscription go. */
export const monitorGroup = (subscription: string) =>
  subscription === prod ? inProd('rg-monitor') : inDev('rg-monitor-dev');

/** When the workspaces were made. */
export const workspaceCreated = ago(400 * day);
