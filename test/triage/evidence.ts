import { unknown } from '../../src/documents/fact.ts';
import type {
  Alerts,
  Backup,
  EvidenceName,
  InstallationRun,
  MissingPatch,
  Patches,
  Software,
} from '../../src/documents/triage.ts';
import { evidenceNames } from '../../src/sources.ts';
import type { FindingFacts } from '../../src/triage/findings/rule.ts';

/** A VM of which nothing was answered. */
export const nothingAnswered: FindingFacts = {
  ...(Object.fromEntries(evidenceNames.map((name) => [name, null])) as Record<EvidenceName, null>),
  os: 'windows',
  now: new Date('2026-11-23T02:20:11Z'),
};

/** About a known fact of a test. */
export const about = { source: 'test', asOf: '2026-11-23T02:20:11Z', coverage: 'all' };

export const missing = (changes: Partial<MissingPatch> = {}): MissingPatch => ({
  name: 'x',
  kb: '5034439',
  version: '',
  classification: 'Critical',
  msrcSeverity: '',
  publishedAt: null,
  ageDays: null,
  rebootRequired: null,
  cves: [],
  lastAttempt: null,
  ...changes,
});

export const assessed = (...patches: MissingPatch[]): Patches => ({
  assessedAt: '2026-11-21T00:00:00Z',
  startedBy: '',
  rebootPending: null,
  rebootPendingSince: null,
  counts: {},
  service: '',
  missing: patches,
});

export const vulnerability = (
  changes: Partial<Software['vulnerabilities'][number]> = {},
): Software['vulnerabilities'][number] => ({
  id: 'v',
  title: 'v',
  severity: 'High',
  cves: [],
  kbs: [],
  cvss: null,
  remediation: '',
  foundAt: null,
  ...changes,
});

export const scanned = (...vulnerabilities: Software['vulnerabilities']): Software => ({
  items: [],
  scan: { state: 'scanned', at: '2026-11-22T00:00:00Z', because: '' },
  vulnerabilities,
});

export const run = (changes: Partial<InstallationRun> = {}): InstallationRun => ({
  id: 'r',
  startedAt: null,
  endedAt: '2026-11-19T04:20:10Z',
  status: 'Succeeded',
  startedBy: '',
  installed: null,
  failed: null,
  pending: null,
  excluded: null,
  notSelected: null,
  maintenanceWindowExceeded: null,
  rebootStatus: '',
  error: '',
  patches: [],
  ...changes,
});

export const tried = (kb: string, state: string): InstallationRun['patches'][number] => ({
  name: `KB${kb}`,
  kb,
  version: '',
  classification: 'Security',
  state,
  at: null,
});

export const alert = (startAt: string, name = 'an alert'): Alerts['alerts'][number] => ({
  id: name,
  name,
  type: '',
  severity: 'High',
  status: 'Active',
  at: startAt,
  startAt,
  endAt: startAt,
  description: '',
  intent: '',
  techniques: [],
  entities: { addresses: [], accounts: [] },
  remediation: [],
});

const untold = unknown('not-asked', 'not asked', '', 'test');

export const backup = (changes: Partial<Backup> = {}): Backup => ({
  protected: true,
  vault: '/v',
  vaultName: 'vault-eus',
  policy: 'daily',
  state: 'Protected',
  lastBackupAt: '2026-11-22T00:00:00Z',
  lastBackupStatus: 'Completed',
  lastPointAt: '2026-11-22T00:00:00Z',
  container: 'c',
  item: 'i',
  softDeleted: null,
  points: untold,
  vaultSecurity: untold,
  lastGood: untold,
  ...changes,
});
