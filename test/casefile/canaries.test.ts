import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseExport } from '../../src/commands/case.ts';
import { kql } from '../../src/commands/kql.ts';
import { runPlaybook } from '../../src/commands/run-headless.ts';
import { scan } from '../../src/commands/scan.ts';
import { triage } from '../../src/commands/triage.ts';
import type { World } from '../../src/simulator/world.ts';
import { type Bench, openBench } from '../actions/bench.ts';

/** Letters and digits of a length, different for each number. */
const letters = (length: number, number: number) =>
  Array.from({ length }, (_, at) => 'Zq7Kd4Wm9Rx2Tb6Hs3'[(at * 5 + number * 7 + (at >> 2)) % 18]).join('');
const hidden = (number: number) => `Leak${String(number).padStart(2, '0')}${letters(14, number)}`;

/** Secrets as they appear in texts; the given part must be found nowhere. */
const writings: readonly ((secret: string, number: number) => string)[] = [
  (s, n) => `ghp_${s}${letters(16, n)}`,
  (s, n) => `github_pat_${s}${letters(20, n)}`,
  (s) => `AKIAIOSFODNN7EXAMPLE with aws_secret_access_key=${s}AbCdEfGhIjKlMnOpQrSt`,
  (s) => `xoxb-1234567890-${s}`,
  (s, n) => `AIza${s}${letters(15, n)}`,
  (s) => `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${s}==;EndpointSuffix=core.windows.net`,
  (s) => `https://x.blob.core.windows.net/d?sv=2024-11-04&sp=r&sig=${s}%3D`,
  (s) => `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${s}`,
  (s) => `cmdkey /add:host /user:anna /p:${s}`,
  (s) => `psexec \\\\host -u anna -p ${s} cmd`,
  (s) => `net use z: \\\\host\\share ${s} /user:dom\\anna`,
  (s) => `$p = ConvertTo-SecureString "${s}" -AsPlainText -Force`,
  (s) => `tool --password=${s} run`,
  (s) => `-----BEGIN RSA PRIVATE KEY-----\nMIIE${s}\n-----END RSA PRIVATE KEY-----`,
  (s) => `Server=tcp:x.database.windows.net;User ID=sa;Password=${s};Encrypt=True`,
  (s) => `https://anna:${s}@git.example/x.git`,
  (s) => `Authorization: Basic ${Buffer.from(`a:${s}`).toString('base64')} x-api-key: ${s}`,
  (s) => `curl -u anna:${s} https://x.example/`,
];
const secrets = writings.map((write, index) => ({ secret: hidden(index), text: write(hidden(index), index) }));
const every = secrets.map(({ text }) => text).join(' ; ');
/** In base64 too, of which a prefix is as bad as the whole. */
const leaks = secrets.flatMap(({ secret }) => [secret, Buffer.from(`a:${secret}`).toString('base64').slice(4, 20)]);

const found = (text: string) => leaks.filter((leak) => text.includes(leak));

/** Plants all kinds in what the VM's own answers say: tags, names, rules, alerts, logs, jobs. */
function plant(world: World): void {
  const isWeb01 = ({ name }: { name: string }) => /^web01(-nic)?$|^web-nsg$/.test(name);
  for (const one of world.resources.filter(isWeb01)) {
    one.tags = { ...one.tags };
    for (const [index, { text }] of secrets.entries()) one.tags[`note${index}`] = text.slice(0, 256);
    const rules = Object(one.properties).securityRules;
    if (Array.isArray(rules)) for (const rule of rules) Object(rule.properties).description = every.slice(0, 1000);
  }
  const ofWeb01 = (row: Record<string, unknown>) => /\/virtualmachines\/web01$/i.test(String(row._ResourceId ?? ''));
  const [event] = world.tables.SecurityEvent?.filter(ofWeb01) ?? [];
  for (const { text } of secrets) {
    world.tables.SecurityEvent?.push({
      ...event,
      TimeGenerated: '2026-11-23T02:16:00Z',
      EventID: 4688,
      Activity: '4688 - A new process has been created.',
      NewProcessName: 'C:\\Windows\\System32\\cmd.exe',
      CommandLine: text,
    });
  }
  const [activity] = world.tables.AzureActivity ?? [];
  const vm = world.resources.find(({ name }) => name === 'web01')?.id ?? '';
  for (const { text } of secrets) {
    world.tables.AzureActivity?.push({
      ...activity,
      TimeGenerated: '2026-11-23T02:15:00Z',
      OperationNameValue: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/RUNCOMMAND/ACTION',
      OperationName: 'Run Command on Virtual Machine',
      ResourceId: vm,
      _ResourceId: vm.toLowerCase(),
      Properties: JSON.stringify({
        entity: vm,
        statusMessage: JSON.stringify({ value: [{ code: 'ComponentStatus/StdOut', message: text }] }),
        requestbody: JSON.stringify({ commandId: 'RunPowerShellScript', script: [text] }),
        message: text,
      }),
    });
  }
  for (const row of world.tables.securityresources ?? []) {
    if (!/alerts$/i.test(String(row.type)) || !/web01/i.test(JSON.stringify(row))) continue;
    Object.assign(Object(row.properties), { Description: every.slice(0, 2000), RemediationSteps: [every] });
    Object.assign(Object(row.properties), {
      ExtendedProperties: { 'Command line': every, 'Suspicious command': every },
    });
  }
}

describe('canaries of many kinds in what Azure answers', () => {
  let bench: Bench;
  let folder = '';
  let printed = '';
  const sink = Object.assign(Object.create(process.stdout), {
    isTTY: false,
    write(text: string) {
      printed += text;
      return true;
    },
  });
  const streams = { stdout: sink, stderr: sink };
  const told = async (work: Promise<unknown>) => {
    const before = printed.length;
    await work.catch((error: Error) => {
      printed += error.message;
    });
    return printed.slice(before);
  };
  const base = () => ({
    simulator: bench.simulator.url,
    cases: join(folder, 'cases'),
    traffic: join(folder, 'traffic.jsonl'),
  });
  beforeAll(async () => {
    bench = await openBench(plant);
    folder = await mkdtemp(join(tmpdir(), 'cordon-canaries-'));
  });
  afterAll(async () => {
    await bench.close();
    await rm(folder, { recursive: true });
  });

  it.each([
    ['triage, as JSON', () => triage('web01', { ...base(), json: true }, streams)],
    ['triage, as text', () => triage('web01', base(), streams)],
    ['triage, as Markdown', () => triage('web01', { ...base(), markdown: true, case: 'today' }, streams)],
    ['scan', () => scan({ ...base(), json: true, full: true }, streams)],
    [
      'kql',
      () =>
        kql(
          'SecurityEvent | where EventID == 4688 | project TimeGenerated, CommandLine',
          { ...base(), vm: 'web01' },
          streams,
        ),
    ],
    [
      'kql, as JSON',
      () =>
        kql(
          'SecurityEvent | where EventID == 4688 | project CommandLine',
          { ...base(), vm: 'web01', json: true },
          streams,
        ),
    ],
    ['a plan', () => runPlaybook('lock-nsg', { ...base(), vm: 'web01', dryRun: true, json: true }, streams)],
  ])(
    '%s',
    async (_, work) => {
      const text = await told(work());
      expect(text.length).toBeGreaterThan(20);
      expect(found(text)).toEqual([]);
    },
    60_000,
  );

  it.each([
    ['PUT', 'networkInterfaces', 'lock-nsg', { confirm: 'web01' }],
    ['POST', 'assessPatches', 'assess-patches', { yes: true, json: true }],
    ['POST', 'checkPolicyRestrictions', 'snapshot-disks', { dryRun: true }],
    ['GET', '/locks', 'lock-nsg', { dryRun: true }],
  ] as const)(
    'what a refused %s of %s says (%s)',
    async (method, path, playbook, flags) => {
      const effect = {
        status: 400,
        code: 'Bad',
        message: `It says: ${every}`,
        details: [{ code: 'X', message: every }],
      };
      await bench.faults([{ match: { method, path }, effect }]);
      const text = await told(runPlaybook(playbook, { ...base(), vm: 'web01', ...flags }, streams));
      await bench.faults([]);
      expect(text).toContain('dryRun' in flags ? '(400 Bad)' : '[redacted]');
      expect(found(text)).toEqual([]);
    },
    60_000,
  );

  it('nothing of them is in a case, an export or the traffic', async () => {
    const root = join(folder, 'cases');
    const ids = await readdir(root);
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) {
      for (const format of ['markdown', 'html', 'timesketch', 'stix', 'csv', 'iris'] as const) {
        await told(caseExport(id, { root, format }, streams));
      }
    }
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      expect(found(await readFile(join(file.parentPath, file.name), 'utf8')), file.name).toEqual([]);
    }
    expect(found(printed)).toEqual([]);
    expect(printed.split('[redacted]').length).toBeGreaterThan(50);
  }, 60_000);
});
