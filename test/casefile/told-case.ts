import { factEntry } from '../../src/casefile/bodies.ts';
import type { CaseFile, CaseStore } from '../../src/casefile/case-store.ts';
import { known, unknown } from '../../src/documents/fact.ts';
import type { Activity, Burst, Exposure, Logons, VirtualMachine } from '../../src/documents/triage.ts';
import { recordTriage } from '../../src/session/cases/triage-record.ts';
import { nothingYet } from '../../src/sources.ts';
import { concluded, type TriageInProgress } from '../../src/triage/in-progress.ts';
import { header, vm as webVm } from './sample-case.ts';

const asOf = '2026-11-23T02:20:00Z';
const about = { source: 'Log Analytics · SecurityEvent', asOf, coverage: 'last 24 h' };

/** A VM of the case's subscription. */
export function machine(name: string): VirtualMachine {
  return {
    id: webVm.id.replace(/web01$/, name),
    name,
    resourceGroup: 'rg-web',
    subscriptionId: header.subscriptionId,
    subscriptionName: 'contoso-prod',
    location: 'eastus',
    os: 'windows',
    osName: 'Windows Server 2019',
    power: 'running',
    computerName: name,
    publicAddresses: ['20.51.7.14'],
    networkInterfaces: [],
    tags: {},
  };
}

export const burst = (changes: Partial<Burst> = {}): Burst => ({
  kind: 'guess',
  start: '2026-11-23T01:58:02.1182706Z',
  end: '2026-11-23T02:14:07Z',
  failures: 1204,
  peakPerMinute: 90,
  sources: [{ address: '203.0.113.77', failures: 1204 }],
  accounts: [{ name: 'svc-backup', failures: 1204, exists: true }],
  codes: [],
  logonTypes: [10],
  histogram: [1],
  success: {
    state: 'known',
    value: { at: '2026-11-23T02:14:09.3065511Z', account: 'svc-backup', address: '203.0.113.77', logonType: 10 },
  },
  next: [
    {
      at: '2026-11-23T02:15:31Z',
      eventId: 4720,
      what: 'account helpdesk2 created by svc-backup',
      made: { kind: 'account', name: 'helpdesk2' },
    },
    {
      at: '2026-11-23T02:16:35Z',
      eventId: 7045,
      what: 'service UpdateCheckSvc installed',
      made: { kind: 'service', name: 'UpdateCheckSvc' },
    },
  ],
  ...changes,
});

export const logons = (...bursts: Burst[]): Logons => ({
  failures: bursts.reduce((sum, { failures }) => sum + failures, 0),
  bursts,
  lastEventAt: '2026-11-23T02:16:35Z',
  successesCollected: true,
  thresholds: { failures: 10, windowSeconds: 300 },
});

export const exposed = (...numbers: number[]): Exposure => ({
  ports: numbers.map((number) => ({
    protocol: 'tcp',
    from: number,
    to: number,
    service: number === 3389 ? 'RDP' : '',
    frontend: { address: '20.51.7.14', from: number, to: number },
    via: 'public-ip',
    sources: { publicAddresses: 3_702_259_456, breadth: 'internet', prefixes: ['0.0.0.0/0'] },
    decidedBy: [{ nsg: `${webVm.id}/web-nsg`, rule: 'allow-rdp', priority: 300, level: 'nic' }],
    agrees: 'effective-rules',
    networkInterface: 'web01-nic',
  })),
  disagreements: [],
  secondOpinion: [],
});

export const activity = (...entries: Partial<Activity['entries'][number]>[]): Activity => ({
  from: '2026-11-21T02:20:00Z',
  until: asOf,
  entries: entries.map((entry, at) => ({
    at: '2026-11-23T02:16:20Z',
    endedAt: null,
    operation: 'Microsoft.Compute/virtualMachines/runCommand/action',
    kind: 'command',
    what: 'command run inside the machine',
    resource: webVm.id.replace(/web01$/, 'web02'),
    status: 'succeeded',
    caller: 'd9b5f19d-7259-4000-a4ab-80204be0a8b7',
    callerKind: 'identity-of-this-machine',
    address: '20.51.7.14',
    correlationId: `c${at}`,
    severity: 'high',
    attack: ['T1651'],
    about: 'identity',
    rule: null,
    ...entry,
  })),
});

/** A reading with these answers; what is not given was not answered. */
export function reading(
  vm: VirtualMachine,
  answers: { logons?: Logons | 'unknown'; exposure?: Exposure | 'unknown'; activity?: Activity },
): TriageInProgress {
  const missing = unknown(
    'absent',
    'no table SecurityEvent in this workspace',
    'connect the Azure Monitor Agent',
    'test',
  );
  const fact = <T>(value: T | 'unknown' | undefined) =>
    value === undefined ? null : value === 'unknown' ? missing : known(value, about);
  const part = nothingYet(vm);
  return concluded(
    {
      ...part,
      logons: fact(answers.logons),
      exposure: fact(answers.exposure),
      posture: { ...part.posture, activity: fact(answers.activity) },
    },
    undefined,
    new Date(asOf),
  );
}

/** Enters readings into a new case, in their order. */
export async function toldCase(store: CaseStore, ...parts: TriageInProgress[]): Promise<CaseFile> {
  const file = await store.create({ vmName: 'web01', header });
  for (const part of parts) {
    const entered = {
      async fact(...[name, summary, fact]: Parameters<Parameters<typeof recordTriage>[0]['fact']>) {
        const evidence = await file.evidence.writeJson(name, fact);
        const vm = { id: part.vm.id, name: part.vm.name };
        await file.transcript.append('fact', 'anna@contoso.com', { ...factEntry(name, summary, fact, evidence), vm });
      },
    };
    await recordTriage(entered, part, new Date(asOf));
  }
  await file.transcript.flush();
  return file;
}
