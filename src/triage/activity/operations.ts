import type { ActivityEntry, Severity } from '../../documents/triage.ts';

/** An operation of Azure Resource Manager that a responder wants to know of. */
export interface Operation {
  /** As Azure writes it; compared without case. */
  operation: string;
  kind: ActivityEntry['kind'];
  what: string;
  severity: Severity;
  /** MITRE ATT&CK techniques. */
  attack: string[];
  /** Done to a scope, it concerns every VM in it: a policy, a role, a lock. */
  scope?: true;
}

const firewall = ['T1686.001'];
const logs = ['T1685.002'];
const tools = ['T1685'];
const recovery = ['T1490'];
const roles = ['T1098.003'];
const exfiltration = ['T1530', 'T1537'];

/**
 * The operations that matter, for a domain expert to review. Names: Microsoft Learn, "Azure resource provider
 * operations"; techniques: MITRE ATT&CK, Enterprise matrix for IaaS.
 */
export const operations: readonly Operation[] = [
  // Network
  {
    operation: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
    kind: 'network',
    what: 'security rule written',
    severity: 'medium',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/networkSecurityGroups/securityRules/delete',
    kind: 'network',
    what: 'security rule deleted',
    severity: 'medium',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/networkSecurityGroups/write',
    kind: 'network',
    what: 'network security group written',
    severity: 'medium',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/networkSecurityGroups/delete',
    kind: 'network',
    what: 'network security group deleted',
    severity: 'high',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/networkInterfaces/write',
    kind: 'network',
    what: 'network interface written: its security group, address or pools may have changed',
    severity: 'medium',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/virtualNetworks/subnets/write',
    kind: 'network',
    what: 'subnet written: its security group or routes may have changed',
    severity: 'medium',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/publicIPAddresses/write',
    kind: 'network',
    what: 'public address written',
    severity: 'medium',
    attack: ['T1133'],
  },
  {
    operation: 'Microsoft.Network/publicIPAddresses/delete',
    kind: 'network',
    what: 'public address deleted',
    severity: 'low',
    attack: [],
  },
  {
    operation: 'Microsoft.Network/loadBalancers/write',
    kind: 'network',
    what: 'load balancer written: it may lead to the VM',
    severity: 'medium',
    attack: ['T1133'],
  },
  {
    operation: 'Microsoft.Network/loadBalancers/inboundNatRules/write',
    kind: 'network',
    what: 'NAT rule of a load balancer written',
    severity: 'medium',
    attack: ['T1133'],
  },
  {
    operation: 'Microsoft.Network/azureFirewalls/write',
    kind: 'network',
    what: 'Azure Firewall written',
    severity: 'medium',
    attack: firewall,
  },
  {
    operation: 'Microsoft.Network/routeTables/write',
    kind: 'network',
    what: 'route table written',
    severity: 'medium',
    attack: firewall,
  },
  // Just-in-time access
  {
    operation: 'Microsoft.Security/locations/jitNetworkAccessPolicies/delete',
    kind: 'jit',
    what: 'just-in-time policy deleted',
    severity: 'high',
    attack: firewall,
    scope: true,
  },
  {
    operation: 'Microsoft.Security/locations/jitNetworkAccessPolicies/write',
    kind: 'jit',
    what: 'just-in-time policy written',
    severity: 'medium',
    attack: firewall,
    scope: true,
  },
  {
    operation: 'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action',
    kind: 'jit',
    what: 'just-in-time access requested',
    severity: 'medium',
    attack: ['T1133'],
    scope: true,
  },
  // Inside the VM, through Azure
  {
    operation: 'Microsoft.Compute/virtualMachines/runCommand/action',
    kind: 'command',
    what: 'command run inside the VM',
    severity: 'high',
    attack: ['T1651'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/runCommands/write',
    kind: 'command',
    what: 'command run inside the VM (managed run command)',
    severity: 'high',
    attack: ['T1651'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/extensions/write',
    kind: 'machine',
    what: 'extension written',
    severity: 'low',
    attack: [],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/extensions/delete',
    kind: 'machine',
    what: 'extension deleted',
    severity: 'medium',
    attack: tools,
  },
  {
    operation: 'Microsoft.SerialConsole/serialPorts/connect/action',
    kind: 'command',
    what: 'serial console opened',
    severity: 'high',
    attack: ['T1021.008'],
  },
  // The VM as a whole
  {
    operation: 'Microsoft.Compute/virtualMachines/write',
    kind: 'machine',
    what: 'VM written: disks, identity or profile may have changed',
    severity: 'low',
    attack: ['T1578.005'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/delete',
    kind: 'machine',
    what: 'VM deleted',
    severity: 'high',
    attack: ['T1578.003'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/reimage/action',
    kind: 'machine',
    what: 'VM reimaged: its system disk is new',
    severity: 'high',
    attack: ['T1485'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/redeploy/action',
    kind: 'machine',
    what: 'VM moved to another host: memory and temporary disk are gone',
    severity: 'medium',
    attack: ['T1529'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/deallocate/action',
    kind: 'machine',
    what: 'VM deallocated: memory is gone',
    severity: 'medium',
    attack: ['T1529'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/powerOff/action',
    kind: 'machine',
    what: 'VM switched off: memory is gone',
    severity: 'medium',
    attack: ['T1529'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/restart/action',
    kind: 'machine',
    what: 'VM restarted: memory is gone',
    severity: 'medium',
    attack: ['T1529'],
  },
  {
    operation: 'Microsoft.Compute/virtualMachines/start/action',
    kind: 'machine',
    what: 'VM started',
    severity: 'low',
    attack: [],
  },
  // Disks
  {
    operation: 'Microsoft.Compute/disks/beginGetAccess/action',
    kind: 'disk',
    what: 'link to download the disk made',
    severity: 'high',
    attack: exfiltration,
  },
  {
    operation: 'Microsoft.Compute/disks/delete',
    kind: 'disk',
    what: 'disk deleted',
    severity: 'high',
    attack: ['T1485'],
  },
  { operation: 'Microsoft.Compute/disks/write', kind: 'disk', what: 'disk written', severity: 'low', attack: [] },
  {
    operation: 'Microsoft.Compute/snapshots/write',
    kind: 'disk',
    what: 'snapshot made',
    severity: 'medium',
    attack: ['T1578.001'],
    scope: true,
  },
  {
    operation: 'Microsoft.Compute/snapshots/beginGetAccess/action',
    kind: 'disk',
    what: 'link to download a snapshot made',
    severity: 'high',
    attack: exfiltration,
    scope: true,
  },
  {
    // Resource provider operations of Microsoft.Compute: "Get the SAS URI of the incremental DiskRestorePoint".
    operation: 'Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/beginGetAccess/action',
    kind: 'disk',
    what: 'link to download a restore point made',
    severity: 'high',
    attack: exfiltration,
    scope: true,
  },
  {
    operation: 'Microsoft.Compute/snapshots/delete',
    kind: 'disk',
    what: 'snapshot deleted',
    severity: 'high',
    attack: recovery,
    scope: true,
  },
  {
    operation: 'Microsoft.Compute/restorePointCollections/delete',
    kind: 'disk',
    what: 'restore points deleted',
    severity: 'high',
    attack: recovery,
    scope: true,
  },
  // Who may do what
  {
    operation: 'Microsoft.Authorization/roleAssignments/write',
    kind: 'access',
    what: 'role given',
    severity: 'high',
    attack: roles,
    scope: true,
  },
  {
    operation: 'Microsoft.Authorization/roleAssignments/delete',
    kind: 'access',
    what: 'role taken away',
    severity: 'medium',
    attack: ['T1531'],
    scope: true,
  },
  {
    operation: 'Microsoft.Authorization/roleDefinitions/write',
    kind: 'access',
    what: 'role definition written',
    severity: 'medium',
    attack: roles,
    scope: true,
  },
  {
    operation: 'Microsoft.Authorization/elevateAccess/action',
    kind: 'access',
    what: 'access to every subscription taken',
    severity: 'high',
    attack: roles,
    scope: true,
  },
  {
    operation: 'Microsoft.Authorization/locks/delete',
    kind: 'access',
    what: 'lock deleted',
    severity: 'high',
    attack: recovery,
    scope: true,
  },
  {
    operation: 'Microsoft.Authorization/policyAssignments/delete',
    kind: 'access',
    what: 'policy assignment deleted',
    severity: 'medium',
    attack: tools,
    scope: true,
  },
  // Backup
  {
    operation: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/backup/action',
    kind: 'backup',
    what: 'backup started',
    severity: 'low',
    attack: [],
  },
  {
    operation: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete',
    kind: 'backup',
    what: 'backup stopped and its data deleted',
    severity: 'high',
    attack: recovery,
  },
  {
    operation: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/write',
    kind: 'backup',
    what: 'backup of the VM written: it may have been stopped',
    severity: 'medium',
    attack: recovery,
  },
  {
    operation: 'Microsoft.RecoveryServices/vaults/backupconfig/write',
    kind: 'backup',
    what: 'soft delete or security of the backup vault written',
    severity: 'high',
    attack: recovery,
  },
  {
    operation: 'Microsoft.RecoveryServices/vaults/backupPolicies/write',
    kind: 'backup',
    what: 'backup policy written: retention may have changed',
    severity: 'medium',
    attack: recovery,
  },
  {
    operation: 'Microsoft.RecoveryServices/vaults/delete',
    kind: 'backup',
    what: 'backup vault deleted',
    severity: 'high',
    attack: recovery,
  },
  // What watches
  {
    operation: 'Microsoft.Security/pricings/write',
    kind: 'monitoring',
    what: 'Defender plan written: it may have been switched off',
    severity: 'high',
    attack: tools,
    scope: true,
  },
  {
    operation: 'Microsoft.Security/alertsSuppressionRules/write',
    kind: 'monitoring',
    what: 'rule that suppresses Defender alerts written',
    severity: 'high',
    attack: tools,
    scope: true,
  },
  {
    operation: 'Microsoft.Insights/diagnosticSettings/delete',
    kind: 'monitoring',
    what: 'diagnostic setting deleted: logs stop',
    severity: 'high',
    attack: logs,
    scope: true,
  },
  {
    operation: 'Microsoft.Insights/dataCollectionRuleAssociations/delete',
    kind: 'monitoring',
    what: 'collection of the VM’s events ended',
    severity: 'high',
    attack: logs,
  },
  {
    operation: 'Microsoft.Insights/dataCollectionRules/delete',
    kind: 'monitoring',
    what: 'data collection rule deleted: logs stop',
    severity: 'high',
    attack: logs,
    scope: true,
  },
  {
    operation: 'Microsoft.Insights/dataCollectionRules/write',
    kind: 'monitoring',
    what: 'data collection rule written: what is collected may have changed',
    severity: 'medium',
    attack: logs,
    scope: true,
  },
];

const byName = new Map(operations.map((one) => [one.operation.toLowerCase(), one]));

/**
 * Extensions by what they do. Microsoft Learn: "VMAccess extension" (resets passwords and keys; the portal names it
 * enablevmaccess), "Custom Script Extension".
 */
const extensions: { pattern: RegExp; kind: Operation['kind']; what: string; attack: string[] }[] = [
  {
    pattern: /vmaccess/i,
    kind: 'account',
    what: 'password or SSH key of an account set from outside (VMAccess)',
    attack: ['T1098'],
  },
  {
    pattern: /customscript/i,
    kind: 'command',
    what: 'script run inside the VM (Custom Script extension)',
    attack: ['T1651'],
  },
  {
    pattern: /^runcommand/i,
    kind: 'command',
    what: 'command run inside the VM (RunCommand extension)',
    attack: ['T1651'],
  },
];

/** Describes an operation; `about` is the extension's name and type where it is about one. Undefined: not in the table. */
export function operationOf(operation: string, about: string): Operation | undefined {
  const found = byName.get(operation.toLowerCase());
  if (found?.operation !== 'Microsoft.Compute/virtualMachines/extensions/write') return found;
  const extension = extensions.find(({ pattern }) => pattern.test(about));
  if (!extension) return found;
  const { kind, what, attack } = extension;
  return { ...found, kind, what, attack, severity: 'high' };
}

/** The table as Markdown. */
export function operationsTable(): string {
  const rows = operations.map(({ operation, what, severity, attack, scope }) =>
    [`\`${operation}\``, what, severity, attack.join(', ') || '-', scope ? 'its scope' : 'the VM and its parts'].join(
      ' | ',
    ),
  );
  return [
    '| operation | what | severity | ATT&CK | listed when done to |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}
