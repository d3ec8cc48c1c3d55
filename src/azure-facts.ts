/** A fact of Azure, or of a catalogue about it, that decides something in cordon, and that ends or changes some day. */
export interface AzureFact {
  id: string;
  /** The fact, in one sentence. */
  fact: string;
  /** Microsoft's page. */
  source: string;
  /** The day on which the source was last read, "2026-11-29". */
  confirmed: string;
  /** The source that was read on that day: the page or file, with its own date; "" where the source itself was out of reach. */
  read: string;
  /** The day from which it is otherwise; "" where none is announced. */
  retires: string;
  /** The day on which what the fact speaks of was retired; absent where it was not. */
  retired?: string;
  /** The files that rest on it. */
  usedBy: readonly string[];
}

/** After so many days a fact is to be read again at its source. */
export const confirmEveryDays = 180;

/** Every such fact, for a user to check; `npm run facts` shows what is due. */
export const azureFacts: readonly AzureFact[] = [
  {
    id: 'vulnerabilities-individual',
    fact: 'Vulnerabilities are one assessment a program, recommendationCategory SoftwareUpdate with CvesDetails; the grouped assessment 1195afff… and its sub-assessments were removed on 2026-07-31.',
    source:
      'learn.microsoft.com/azure/defender-for-cloud/transition-grouped-individual-recommendations; github.com/Azure/Microsoft-Defender-for-Cloud/issues/1056 and pull/1057',
    confirmed: '2026-11-29',
    read: '',
    retires: '',
    usedBy: ['src/azure/readers/vulnerabilities.ts', 'src/azure/readers/secure-score.ts'],
  },
  {
    id: 'assessment-overwritten',
    fact: 'A patch assessment that runs writes its row, with counts of nought, over the finished one before it; Azure keeps seven days.',
    source: 'github.com/Azure/LinuxPatchExtension/pull/183; Compute specification, PatchOperationStatus',
    confirmed: '2026-11-29',
    read: '',
    retires: '',
    usedBy: ['src/triage/patches.ts', 'src/azure/readers/patch-assessment.ts'],
  },
  {
    id: 'alerts-without-id',
    fact: 'An alert may name its VM by an agent id, the compromised entity or its entities alone.',
    source: 'github.com/Azure/Microsoft-Defender-for-Cloud/pull/194',
    confirmed: '2026-11-29',
    read: '',
    retires: '',
    usedBy: ['src/azure/readers/alert-subjects.ts'],
  },
  {
    id: 'backup-soft-delete',
    fact: 'Soft delete is enforced for Recovery Services vaults, 14 to 180 days; the page contradicts itself on preview or general availability. Snapshots of instant restore can be deleted at once.',
    source: 'MicrosoftDocs/azure-docs articles/backup/secure-by-default.md',
    confirmed: '2026-11-29',
    read: 'MicrosoftDocs/azure-docs, the file itself, of 2025-11-10',
    retires: '',
    usedBy: ['src/triage/findings/backup.ts', 'src/words/fact-lines.ts'],
  },
  {
    id: 'backup-undelete',
    fact: 'A soft-deleted VM backup comes back by a PUT of its item with isRehydrate true and protectionState ProtectionStopped; its job is Undelete, and no backups are made until protection is resumed.',
    source:
      'learn.microsoft.com/azure/backup/backup-azure-arm-userestapi-backupazurevms, “Undo the deletion”; RecoveryServices specification, JobOperationType; Azure CLI, az backup protection undelete',
    confirmed: '2026-11-29',
    read: 'learn.microsoft.com/powershell/module/az.recoveryservices/undo-azrecoveryservicesbackupitemdeletion: protection stopped, data retained; the item is listed meanwhile',
    retires: '',
    usedBy: ['src/actions/backup/undelete-plan.ts', 'src/actions/fates/vault-jobs.ts'],
  },
  {
    id: 'backup-status-of-deleted',
    fact: 'Whether backupStatus names an item that was deleted and is still kept is not documented; the vault and Resource Graph list it.',
    source: 'Azure Backup REST, “Check backup status”; RecoveryServices specification, BackupStatusResponse',
    confirmed: '2026-11-29',
    read: 'learn.microsoft.com/previous-versions/azure/reference/mt742912: Protected or Protecting, nothing of deleted items',
    retires: '',
    usedBy: ['src/azure/readers/backup.ts'],
  },
  {
    id: 'graph-functions',
    fact: 'Resource Graph has a subset of Kusto’s scalar functions that no page lists; extract_all is asked for, and not relied on.',
    source: 'learn.microsoft.com/azure/governance/resource-graph/concepts/query-language',
    confirmed: '2026-11-29',
    read: 'the page: “a subset of KQL data types, scalar functions, scalar operators, and aggregation functions”',
    retires: '',
    usedBy: ['src/azure/readers/vulnerabilities.ts'],
  },
  {
    id: 'dependency-agent',
    fact: 'VM insights’ Dependency agent (VMBoundPort, VMConnection) takes no new VMs since 2025-09-30.',
    source: 'learn.microsoft.com/azure/azure-monitor/vm/vminsights-maps-retirement',
    confirmed: '2026-11-29',
    read: 'MicrosoftDocs/azure-monitor-docs, the page of 2025-05-05: retired on June 30, 2028',
    retires: '2028-06-30',
    usedBy: ['src/azure/readers/sockets.ts'],
  },
  {
    id: 'inbound-nat-rule-v1',
    fact: 'Inbound NAT rules of version 1 lead to one interface of a VM.',
    source: 'learn.microsoft.com/azure/load-balancer/load-balancer-nat-pool-migration',
    confirmed: '2026-11-29',
    read: 'learn.microsoft.com and docs.azure.cn, load-balancer/inbound-nat-rules',
    retires: '2027-09-30',
    usedBy: ['src/network/paths/load-balancers.ts'],
  },
  {
    id: 'basic-addresses-and-balancers',
    fact: 'Basic public addresses and load balancers were retired on 2025-09-30; leftovers are open where no group closes them.',
    source:
      'learn.microsoft.com/azure/load-balancer/load-balancer-basic-upgrade-guidance; …/virtual-network/ip-services/public-ip-basic-upgrade-guidance',
    confirmed: '2026-11-29',
    read: 'both pages: “were retired”',
    retires: '',
    retired: '2025-09-30',
    usedBy: [
      'src/network/paths/public-addresses.ts',
      'src/network/paths/load-balancers.ts',
      'src/azure/readers/unsettled-parts.ts',
    ],
  },
  {
    id: 'unmanaged-disks',
    fact: 'Unmanaged disks were retired; a VM that still has one cannot be snapshot as a disk resource.',
    source: 'learn.microsoft.com/azure/virtual-machines/unmanaged-disks-deprecation',
    confirmed: '2026-11-29',
    read: 'MicrosoftDocs/azure-compute-docs, the page of 2025-08-28: March 31, 2026, extended from September 30, 2025',
    retires: '',
    retired: '2026-03-31',
    usedBy: ['src/actions/snapshot/snapshot-plan.ts'],
  },
  {
    id: 'azure-disk-encryption',
    fact: 'Azure Disk Encryption leaves keys outside of the disk: an image is of no use without them.',
    source: 'learn.microsoft.com/azure/virtual-machines/disk-encryption-overview',
    confirmed: '2026-11-29',
    read: 'the note that Microsoft puts on its pages about ADE, of 2025-12-03',
    retires: '2028-09-15',
    usedBy: ['src/actions/snapshot/snapshot-plan.ts'],
  },
  {
    id: 'classic-vms',
    fact: 'Classic VMs are retired; Resource Graph may still list one.',
    source:
      'learn.microsoft.com/azure/virtual-machines/classic-vm-deprecation (the day of retirement was not found again)',
    confirmed: '2026-11-29',
    read: 'Microsoft’s older pages: March 1, 2023, extended later',
    retires: '',
    usedBy: ['src/azure/readers/other-machines.ts'],
  },
  {
    id: 'scale-set-instances',
    fact: 'Instances of Uniform scale sets, their network interfaces and public addresses are rows of Resource Graph’s table computeresources, the power state in properties.extended.instanceView; those of Flexible ones are VMs.',
    source: 'learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources',
    confirmed: '2026-11-30',
    read: 'MicrosoftDocs/azure-docs articles/governance/resource-graph/reference/supported-tables-resources.md, and the sample query for the power state of scale sets',
    retires: '',
    usedBy: ['src/azure/readers/scale-set-instances.ts', 'src/azure/readers/fleet-exposure.ts'],
  },
  {
    id: 'uniform-instances',
    fact: 'Instances of Uniform scale sets have neither in-guest patching nor Azure Backup, and Azure offers no change of one instance’s network interface and no effective rules of it.',
    source: 'learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-orchestration-modes',
    confirmed: '2026-11-30',
    read: 'MicrosoftDocs/azure-compute-docs, the file itself, of 2024-06-14; @azure/arm-network 39.0.0, whose operations below virtualMachineScaleSets are reads alone',
    retires: '',
    usedBy: ['src/azure/readers/not-offered.ts', 'src/azure/readers/network.ts', 'src/actions/instance-refusals.ts'],
  },
  {
    id: 'private-subnets',
    fact: 'New virtual networks have private subnets by default (API 2025-07-01, portal 2026-04): without NAT an agent cannot report.',
    source: 'learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access',
    confirmed: '2026-11-29',
    read: 'Microsoft’s notes on its NAT gateway pages: as of March 31, 2026',
    retires: '',
    usedBy: ['src/azure/readers/logons.ts'],
  },
  {
    id: 'attack-v19',
    fact: 'ATT&CK v19 (2026-04-28) revoked T1562.*: T1685, T1685.002 (cloud logs), T1686.001 (cloud firewall).',
    source: 'attack.mitre.org/resources/updates',
    confirmed: '2026-11-29',
    read: 'a mirror of T1685, Disable or Modify Tools, and of DET0497, which names it',
    retires: '',
    usedBy: ['src/triage/activity/operations.ts', 'src/triage/findings/activity.ts'],
  },
  {
    id: 'classic-secure-score',
    fact: 'The Secure Score in Resource Graph (ascScore) is the classic one of the subscription, not the risk-based one of the Defender portal.',
    source: 'learn.microsoft.com/azure/defender-for-cloud/secure-score-security-controls',
    confirmed: '2026-11-29',
    read: '',
    retires: '',
    usedBy: ['src/azure/readers/secure-score.ts', 'src/triage/findings/score.ts'],
  },
  {
    id: 'effective-rules-print',
    fact: 'Effective rules print every address as 0.0.0.0/0, also for IPv6, and have no word for ICMP, ESP and AH (Tcp, Udp, All).',
    source: 'recorded answers of effectiveNetworkSecurityGroups; Network specification, EffectiveSecurityRuleProtocol',
    confirmed: '2026-11-29',
    read: '',
    retires: '',
    usedBy: ['src/network/rules/effective-rules.ts', 'src/network/compare-effective-rules.ts'],
  },
  {
    id: 'nsg-flow-logs',
    fact: 'NSG flow logs are replaced by VNet flow logs (NTANetAnalytics).',
    source: 'learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview',
    confirmed: '2026-11-29',
    read: 'learn.microsoft.com/azure/network-watcher/nsg-flow-logs-migrate, as the Azure providers quote it',
    retires: '2027-09-30',
    usedBy: ['src/azure/readers/sockets.ts'],
  },
];

const dayMs = 86_400_000;

/** Why a fact is due on a day ("2027-01-01"): it has retired, or was confirmed too long ago; "" when it is not. */
function dueText({ confirmed: last, retires }: AzureFact, on: string): string {
  if (retires !== '' && retires <= on) return `retired on ${retires}`;
  const age = Math.floor((Date.parse(on) - Date.parse(last)) / dayMs);
  return age > confirmEveryDays ? `last confirmed ${age} days ago` : '';
}

/** The day on which what a fact speaks of ends or ended; "" where none is announced. Throws for a fact that is not in the table. */
function lastDay(id: string): string {
  const fact = azureFacts.find((one) => one.id === id);
  if (fact === undefined) throw new Error(`no such fact: ${id}`);
  return fact.retired ?? fact.retires;
}

/** "retired on 2026-03-31", or "retires on 2028-09-15", by the day that it is (ISO 8601); "" where neither is announced. */
export function retirement(id: string, today: string): string {
  const day = lastDay(id);
  if (day === '') return '';
  return day <= today.slice(0, 10) ? `retired on ${day}` : `retires on ${day}`;
}

/** "supported until 2027-09-30", true before that day and after it; "" where none is announced. */
export function supportedUntil(id: string): string {
  const day = lastDay(id);
  return day === '' ? '' : `supported until ${day}`;
}

/** The facts that are due on a day, each with why. */
export function dueFacts(on: string, facts: readonly AzureFact[] = azureFacts): { fact: AzureFact; why: string }[] {
  return facts.map((fact) => ({ fact, why: dueText(fact, on) })).filter(({ why }) => why !== '');
}

/** The ledger as a Markdown page. */
export function ledgerPage(facts: readonly AzureFact[] = azureFacts): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = facts.map(
    ({ id, fact, source, confirmed: last, read, retires, retired, usedBy }) =>
      `| ${id} | ${cell(fact)} | ${cell(source)} | ${last}: ${cell(read || 'the source was out of reach; as it was noted')} | ${retired ? `retired on ${retired}` : retires || 'not announced'} | ${usedBy.map((file) => `\`${file}\``).join(', ')} |`,
  );
  return [
    '# Facts of Azure that decide something',
    '',
    `Made from the table in \`src/azure-facts.ts\` (\`npx vitest run test/azure-facts.test.ts -u\` writes it). \`npm run facts -- --on 2027-01-31\` tells what is due on a day: what has retired by then, and what nobody has read at its source for ${confirmEveryDays} days.`,
    '',
    '| fact | what is so | source | confirmed | retires | used by |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
