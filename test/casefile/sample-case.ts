import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type CaseFile, type CaseStore, type HeaderParts, openCaseStore } from '../../src/casefile/case-store.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** An empty folder that is removed after the file's tests. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-cases-'));
  folders.push(folder);
  return folder;
}

export const vm = {
  id: '/subscriptions/6d3a0f0e-0000-4000-8000-000000000001/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web01',
  name: 'web01',
};

export const header: HeaderParts = {
  toolVersion: '0.1.0',
  tenantId: '7b1f0a52-0000-4000-8000-00000000000a',
  subscriptionId: '6d3a0f0e-0000-4000-8000-000000000001',
  operator: { upn: 'anna@contoso.com', oid: '0c7d7c7a-0000-4000-8000-00000000000b' },
  demo: false,
  cloud: 'public',
  vm,
};

/** A clock that goes on by one second each time it is asked. */
export function tickingClock(start = '2026-11-23T02:20:00.000Z'): () => Date {
  let at = Date.parse(start) - 1000;
  return () => {
    at += 1000;
    return new Date(at);
  };
}

export async function newStore(root?: string): Promise<CaseStore> {
  return openCaseStore(root ?? (await emptyFolder()), { now: tickingClock(), distinction: () => '' });
}

/** A case in which something of each kind happened. */
export async function eventfulCase(store: CaseStore): Promise<CaseFile> {
  const file = await store.create({ vmName: 'web01', header });
  const { transcript } = file;
  const anna = 'anna@contoso.com';
  const nic =
    'https://management.azure.com/subscriptions/6d3a0f0e-0000-4000-8000-000000000001/resourceGroups/rg-web/providers/Microsoft.Network/networkInterfaces/web01-nic';
  await transcript.append('open', anna, { vm });
  const evidence = await file.evidence.writeJson('effective-nsg', { value: [{ name: 'allow-rdp', priority: 300 }] });
  await transcript.append('fact', 'cordon', {
    name: 'exposure',
    state: 'known',
    summary: 'exposure of web01: 3 ports, effective rules agree',
    source: 'Azure Network · effective security rules',
    asOf: '2026-11-23T02:20:01Z',
    coverage: '1 NIC',
    notSeen: ['security admin rules of Virtual Network Manager: no permission'],
    evidence,
  });
  await transcript.append('fact', 'cordon', {
    name: 'logons',
    state: 'unknown',
    summary: '',
    source: 'Log Analytics · SecurityEvent',
    coverage: '',
    notSeen: [],
    because: 'no table SecurityEvent in this workspace',
    cure: 'connect the Azure Monitor Agent with security events',
  });
  await transcript.append('query', 'cordon', {
    service: 'Log Analytics',
    text: 'SecurityEvent\n| where EventID == 4625\n| count',
    rows: 0,
    sha256: 'ab'.repeat(32),
    durationSeconds: 1.24,
  });
  await transcript.append('note', anna, { text: 'customer confirms svc-backup should never log on interactively' });
  await transcript.append('plan', 'cordon', {
    playbook: 'lock-nsg',
    steps: [
      {
        id: 'swap-nsg',
        title: 'swap the NSG at the NIC',
        kind: 'action',
        action: 'nsg.lock',
        guidance: 'The attacker is inside over RDP.',
        changes: [
          {
            method: 'PUT',
            resourceId: `${vm.id}-nic`,
            diff: [{ property: 'networkSecurityGroup', before: 'web-nsg', after: 'cordon-2026-11-23-web01' }],
            before: {},
            after: {},
          },
        ],
        touches: [],
        permissions: [{ action: 'Microsoft.Network/networkInterfaces/write', scope: vm.id, held: true }],
        danger: 'disruptive',
        undo: 'puts web-nsg back',
        warnings: ['open sessions may survive'],
      },
    ],
  });
  await transcript.append('confirm', anna, {
    playbook: 'lock-nsg',
    step: 'swap-nsg',
    number: 3,
    level: 'disruptive',
    typed: 'web01',
    reason: '',
  });
  await transcript.append('intent', anna, {
    id: 'i1',
    action: 'nsg.lock',
    step: 'swap-nsg',
    playbook: 'lock-nsg',
    request: { method: 'PUT', url: nic, apiVersion: '2024-05-01', body: { properties: {} } },
    clientRequestId: '4f1c9a00-0000-4000-8000-00000000000c',
    before: { properties: { networkSecurityGroup: { id: 'web-nsg' } } },
  });
  await transcript.append('outcome', 'cordon', {
    intent: 'i1',
    status: 200,
    ok: true,
    result: 'Succeeded',
    requestId: '11110000-0000-4000-8000-00000000000d',
    correlationId: '88ab0000-0000-4000-8000-00000000000e',
    durationSeconds: 4.9,
  });
  await transcript.append('verify', 'cordon', { step: 'swap-nsg', ok: true, text: 'no port open to the Internet' });
  await transcript.append('fact', 'cordon', {
    name: 'exposure',
    state: 'known',
    summary: 'exposure of web01: none',
    source: 'Azure Network · effective security rules',
    asOf: '2026-11-23T02:24:40Z',
    coverage: '1 NIC',
    notSeen: ['security admin rules of Virtual Network Manager: no permission'],
  });
  await transcript.flush();
  return file;
}
