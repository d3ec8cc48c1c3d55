/** A fact of Azure, or of a catalogue about it, that decides something in cordon, and that ends or changes some day. */
export interface AzureFact {
  id: string;
  /** The fact, in one sentence. */
  fact: string;
  /** Microsoft's page. */
  source: string;
  /** The day on which the source was last checked, "2026-11-29". */
  confirmed: string;
  /** The day from which it is otherwise; "" where none is announced. */
  retires: string;
  /** The day on which what the fact speaks of was retired; absent where it was not. */
  retired?: string;
  /** The files that rest on it. */
  usedBy: readonly string[];
}

/** After so many days a fact is to be read again at its source. */
export const confirmEveryDays = 180;

const confirmed = '2026-11-29';

/** Every such fact, for a user to check; `npm run facts` shows what is due. */
export const azureFacts: readonly AzureFact[] = [
  {
    id: 'vulnerabilities-individual',
    fact: 'Vulnerabilities are one assessment a program, recommendationCategory SoftwareUpdate with CvesDetails; the grouped assessment 1195afff… and its sub-assessments were removed on 2026-07-31.',
    source:
      'learn.microsoft.com/azure/defender-for-cloud/transition-grouped-individual-recommendations; github.com/Azure/Microsoft-Defender-for-Cloud/issues/1056 and pull/1057',
    confirmed,
    retires: '',
    usedBy: ['src/azure/readers/vulnerabilities.ts', 'src/azure/readers/secure-score.ts'],
  },
  {
    id: 'assessment-overwritten',
    fact: 'A patch assessment that runs writes its row, with counts of nought, over the finished one before it; Azure keeps seven days.',
    source: 'github.com/Azure/LinuxPatchExtension/pull/183; Compute specification, PatchOperationStatus',
    confirmed,
    retires: '',
    usedBy: ['src/triage/patches.ts', 'src/azure/readers/patch-assessment.ts'],
  },
  {
    id: 'alerts-without-id',
    fact: 'An alert may name its VM by an agent id, the compromised entity or its entities alone.',
    source: 'github.com/Azure/Microsoft-Defender-for-Cloud/pull/194',
    confirmed,
    retires: '',
    usedBy: ['src/azure/readers/alert-subjects.ts'],
  },
  {
    id: 'backup-soft-delete',
    fact: 'Soft delete is enforced for Recovery Services vaults, 14 to 180 days; the page contradicts itself on preview or general availability. Snapshots of instant restore can be deleted at once.',
    source: 'MicrosoftDocs/azure-docs articles/backup/secure-by-default.md',
    confirmed,
    retires: '',
    usedBy: ['src/triage/findings/backup.ts', 'src/words/fact-lines.ts'],
  },
  {
    id: 'backup-undelete',
    fact: 'A soft-deleted VM backup comes back by a PUT of its item with isRehydrate true and protectionState ProtectionStopped; its job is Undelete, and no backups are made until protection is resumed.',
    source:
      'learn.microsoft.com/azure/backup/backup-azure-arm-userestapi-backupazurevms, “Undo the deletion”; RecoveryServices specification, JobOperationType; Azure CLI, az backup protection undelete',
    confirmed,
    retires: '',
    usedBy: ['src/actions/backup/undelete-plan.ts', 'src/actions/fate.ts'],
  },
  {
    id: 'dependency-agent',
    fact: 'VM insights’ Dependency agent (VMBoundPort, VMConnection) takes no new VMs since 2025-09-30.',
    source: 'learn.microsoft.com/azure/azure-monitor/vm/vminsights-maps-retirement',
    confirmed,
    retires: '2028-06-30',
    usedBy: ['src/azure/readers/sockets.ts'],
  },
  {
    id: 'inbound-nat-rule-v1',
    fact: 'Inbound NAT rules of version 1 lead to one interface of a VM.',
    source: 'learn.microsoft.com/azure/load-balancer/load-balancer-nat-pool-migration',
    confirmed,
    retires: '2027-09-30',
    usedBy: ['src/network/paths/load-balancers.ts'],
  },
  {
    id: 'basic-addresses-and-balancers',
    fact: 'Basic public addresses and load balancers were retired on 2025-09-30; leftovers are open where no group closes them.',
    source: 'azure.microsoft.com/updates: Basic SKU public IP and Basic Load Balancer',
    confirmed,
    retires: '',
    usedBy: ['src/network/paths/paths-to-machine.ts', 'src/network/paths/load-balancers.ts'],
  },
  {
    id: 'unmanaged-disks',
    fact: 'Unmanaged disks were retired; a VM that still has one cannot be snapshot as a disk resource.',
    source: 'learn.microsoft.com/azure/virtual-machines/unmanaged-disks-deprecation',
    confirmed,
    retires: '',
    retired: '2026-03-31',
    usedBy: ['src/actions/snapshot/snapshot-plan.ts'],
  },
  {
    id: 'azure-disk-encryption',
    fact: 'Azure Disk Encryption leaves keys outside of the disk: an image is of no use without them.',
    source: 'learn.microsoft.com/azure/virtual-machines/disk-encryption-overview',
    confirmed,
    retires: '2028-09-15',
    usedBy: ['src/actions/snapshot/snapshot-plan.ts'],
  },
  {
    id: 'classic-vms',
    fact: 'Classic VMs are retired; Resource Graph may still list one.',
    source:
      'learn.microsoft.com/azure/virtual-machines/classic-vm-deprecation (the day of retirement was not found again)',
    confirmed,
    retires: '',
    usedBy: ['src/azure/readers/other-machines.ts'],
  },
  {
    id: 'scale-set-instances',
    fact: 'Instances of Uniform scale sets stand in Resource Graph’s table computeresources; those of Flexible ones are VMs.',
    source: 'learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources',
    confirmed,
    retires: '',
    usedBy: ['src/azure/readers/other-machines.ts'],
  },
  {
    id: 'private-subnets',
    fact: 'New virtual networks have private subnets by default (API 2025-07-01, portal 2026-04): without NAT an agent cannot report.',
    source: 'learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access',
    confirmed,
    retires: '',
    usedBy: ['src/azure/readers/logons.ts'],
  },
  {
    id: 'attack-v19',
    fact: 'ATT&CK v19 (2026-04-28) revoked T1562.*: T1685, T1685.002 (cloud logs), T1686.001 (cloud firewall).',
    source: 'attack.mitre.org/resources/updates',
    confirmed,
    retires: '',
    usedBy: ['src/triage/activity/operations.ts', 'src/triage/findings/activity.ts'],
  },
  {
    id: 'classic-secure-score',
    fact: 'The Secure Score in Resource Graph (ascScore) is the classic one of the subscription, not the risk-based one of the Defender portal.',
    source: 'learn.microsoft.com/azure/defender-for-cloud/secure-score-security-controls',
    confirmed,
    retires: '',
    usedBy: ['src/azure/readers/secure-score.ts', 'src/triage/findings/score.ts'],
  },
  {
    id: 'effective-rules-print',
    fact: 'Effective rules print every address as 0.0.0.0/0, also for IPv6, and have no word for ICMP, ESP and AH (Tcp, Udp, All).',
    source: 'recorded answers of effectiveNetworkSecurityGroups; Network specification, EffectiveSecurityRuleProtocol',
    confirmed,
    retires: '',
    usedBy: ['src/network/rules/effective-rules.ts', 'src/network/compare-effective-rules.ts'],
  },
  {
    id: 'nsg-flow-logs',
    fact: 'NSG flow logs are replaced by VNet flow logs (NTANetAnalytics).',
    source: 'learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview',
    confirmed,
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

/** "retired on 2026-03-31", or "retires on 2028-09-15"; "" where neither is announced. Throws for a fact that is not in the table. */
export function retirement(id: string): string {
  const fact = azureFacts.find((one) => one.id === id);
  if (fact === undefined) throw new Error(`no such fact: ${id}`);
  if (fact.retired !== undefined) return `retired on ${fact.retired}`;
  return fact.retires === '' ? '' : `retires on ${fact.retires}`;
}

/** The facts that are due on a day, each with why. */
export function dueFacts(on: string, facts: readonly AzureFact[] = azureFacts): { fact: AzureFact; why: string }[] {
  return facts.map((fact) => ({ fact, why: dueText(fact, on) })).filter(({ why }) => why !== '');
}

/** The ledger as a Markdown page. */
export function ledgerPage(facts: readonly AzureFact[] = azureFacts): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = facts.map(
    ({ id, fact, source, confirmed: last, retires, retired, usedBy }) =>
      `| ${id} | ${cell(fact)} | ${cell(source)} | ${last} | ${retired ? `retired on ${retired}` : retires || 'not announced'} | ${usedBy.map((file) => `\`${file}\``).join(', ')} |`,
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
