import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redactText } from '../../src/casefile/redaction.ts';
import { caseExport } from '../../src/commands/case.ts';
import { runPlaybook } from '../../src/commands/run-headless.ts';
import { triage } from '../../src/commands/triage.ts';
import { type Bench, openBench } from '../actions/bench.ts';

const c = (count: number, of = 'Zq7') => of.repeat(Math.ceil(count / of.length)).slice(0, count);

/** Secrets as they appear in logs, errors and command lines; the second is what must be gone. Each is made up. */
const kinds: [string, string][] = [
  [`git clone https://x ghp_${c(36)}`, `ghp_${c(36)}`],
  [`token github_pat_${c(40)}`, c(40)],
  [`glpat-${c(20)} pushed`, c(20)],
  ['key AKIAIOSFODNN7EXAMPLE used', 'AKIAIOSFODNN7EXAMPLE'],
  [`aws_secret_access_key = ${c(40)}`, c(40)],
  [`AWS_SECRET_ACCESS_KEY="${c(40)}" aws s3 ls`, c(40)],
  [`posted with xoxb-${c(24)}`, c(24)],
  ['https://hooks.slack.com/services/T00000000/B00000000/XXXXcanaryXXXX', 'XXXXcanaryXXXX'],
  [`AIza${c(35)}`, c(35)],
  [`npm_${c(36)}`, c(36)],
  [`sk_live_${c(24)}`, c(24)],
  [`pat ${c(76)}AZDO${c(4)}`, c(76)],
  ['x-api-key: Canary-4711', 'Canary-4711'],
  ['{"headers":"Ocp-Apim-Subscription-Key: canary4711"}', 'canary4711'],
  ['X-Functions-Key: canary4711==', 'canary4711'],
  ['Authorization: token canary4711', 'canary4711'],
  ['Cookie: session=canary4711; x=y', 'canary4711'],
  ['net user backdoor Canary-4711! /add', 'Canary-4711'],
  ['net.exe user "back door" "Canary 4711" /add /y', 'Canary 4711'],
  ['net use z: \\\\host\\share Canary4711! /user:dom\\anna', 'Canary4711'],
  ['net use \\\\host\\ipc$ /user:dom\\anna Canary4711!', 'Canary4711'],
  ['schtasks /create /tn x /ru SYSTEM /rp Canary4711!', 'Canary4711'],
  ['cmdkey /add:host /user:anna /pass:Canary4711!', 'Canary4711'],
  ['sshpass -p Canary4711! ssh anna@10.0.0.4', 'Canary4711'],
  ["sshpass -p'Canary 4711' ssh anna@10.0.0.4", 'Canary 4711'],
  ['psexec.exe \\\\host -u anna -p Canary4711! cmd', 'Canary4711'],
  ['tool.exe -p Canary4711! run', 'Canary4711'],
  ['mysql -u root -pCanary4711! db', 'Canary4711'],
  ['curl -s -u anna:Canary4711! https://x.example/', 'Canary4711'],
  ['curl --user "anna:Canary4711!" https://x.example/', 'Canary4711'],
  ["$p = ConvertTo-SecureString 'Canary 4711' -AsPlainText -Force", 'Canary 4711'],
  ['ConvertTo-SecureString -AsPlainText -Force -String Canary4711!', 'Canary4711'],
  ['"Canary4711!" | ConvertTo-SecureString -AsPlainText -Force', 'Canary4711'],
  ["New-Object System.Net.NetworkCredential('anna', 'Canary4711!')", 'Canary4711'],
  ['Invoke-Thing -AdminPassword Canary4711! -Force', 'Canary4711'],
  ['plink -pw Canary4711! anna@host', 'Canary4711'],
  ['PGPASSWORD=Canary4711 psql -h x', 'Canary4711'],
  ['deploy --client-secret Canary4711 --yes', 'Canary4711'],
  ['echo "root:Canary4711" | chpasswd', 'Canary4711'],
  [`GR1348941${c(20)}`, c(20)],
  [`glrtr-${c(20)} registered`, c(20)],
  [`https://hooks.slack-gov.com/services/T0AB/B0CD/${c(24)}`, c(24)],
  [`SK${'0af7'.repeat(8)} of Twilio`, '0af7'.repeat(8)],
  [`SG.${c(22)}.${c(43)}`, c(43)],
  [`sk-ant-api03-${c(93)}AA`, c(93)],
  [`sk-proj-${c(74)}T3BlbkFJ${c(74)}`, c(74)],
  [`dapi${'0af7'.repeat(8)}-2`, '0af7'.repeat(8)],
  [`gsk_${c(52)} of a maker that is not listed`, c(52)],
  [`pul-${'0af7'.repeat(10)}`, '0af7'.repeat(10)],
  [`"auths": {"https://index.docker.io/v1/": {"auth": "YW5uYTpDYW5hcnk0NzEx"}}`, 'YW5uYTpDYW5hcnk0NzEx'],
  ['{"auths":{"ghcr.io":{"auth":"YW5uYTpDYW5hcnk0NzEx"}}}', 'YW5uYTpDYW5hcnk0NzEx'],
  ['sent Basic YW5uYTpDYW5hcnk0NzEx once', 'YW5uYTpDYW5hcnk0NzEx'],
  ['git clone https://canary4711canary4711@github.com/x', 'canary4711canary'],
  ['postgres://anna:Canary4711@db.example/x', 'Canary4711'],
  ['Server=tcp:x.database.windows.net,1433;User ID=anna;Password={Canary 4711};Encrypt=True', 'Canary 4711'],
  [`Endpoint=https://x.azconfig.io;Id=a;Secret=${c(43)}=`, c(43)],
  [`https://x.blob.core.windows.net/c/b#sv=2024&sig=${c(43)}%3D`, c(43)],
  [`https://x/?u=https%253A%252F%252Fy%253Fsv%253D1%2526sig%253D${c(43)}`, c(43)],
  ['password: Canary4711', 'Canary4711'],
  ['db_password: "Canary 4711"', 'Canary 4711'],
  ['<AdministratorPassword><Value>Canary4711</Value>', 'Canary4711'],
  ['machine x.example login anna password Canary4711', 'Canary4711'],
  ['db.example:5432:sales:anna:Canary4711', 'Canary4711'],
  ['*:*:*:postgres:Canary4711', 'Canary4711'],
  [`[remote]\ntype = sftp\npass = ${c(40)}`, c(40)],
  [`Square ${`EAAA${c(60)}`}`, c(60)],
  ['setx API_TOKEN Canary4711', 'Canary4711'],
  ["CREATE USER 'x'@'%' IDENTIFIED BY 'Canary4711'", 'Canary4711'],
  ['smbclient //host/share -U anna%Canary4711', 'Canary4711'],
  ['psexec.py corp/anna:Canary4711@10.0.0.4', 'Canary4711'],
  [`nxc smb host -u anna -H ${'aad3b435'.repeat(4)}:${'0af7'.repeat(8)}`, '0af7'.repeat(8)],
  ['echo Canary4711 | passwd --stdin anna', 'Canary4711'],
  [`${c(64)}\n${c(64)}\n-----END RSA PRIVATE KEY-----`, c(64)],
  [`---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n${c(64)}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----`, c(64)],
];

/** Texts that look like secrets and are none: evidence must stay readable. */
const harmless = [
  'ssh -p 2222 anna@10.0.0.4',
  'mkdir -p /var/lib/x1/y2',
  'nmap -p 1-65535 10.0.0.0/24',
  'docker run -p 8080:80 nginx1',
  'net user backdoor /delete',
  'net user',
  'SecurityEvent | where Token == "x" and Key != "y"',
  '/subscriptions/6d3a0f0e-0000-4000-8000-000000000001/resourceGroups/rg-web/providers/Microsoft.Network/networkSecurityGroups/web-nsg',
  'sha256 4a44dc15364204a80fe80e9039455cc1608281820fe2b24f1e5233ade6af1dd5',
  'ps -p 4711',
  'request 2f9c1c9e-6a55-4b8e-9a44-0f6a3a2d1c7b of correlation 9c1c9e2f-556a-8e4b-449a-6a0f2d3a7b1c',
  'The password of svc-backup was wrong 1204 times',
  'Set-Cookie is a header',
  'Failed password for invalid user admin from 203.0.113.7 port 50022 ssh2',
  'Accepted publickey for anna from 10.0.0.4 port 22 ssh2: RSA SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU',
  'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7',
  'the tier is Basic, as Basic authentication is not',
  'MD5 d41d8cd98f00b204e9800998ecf8427e SHA-1 da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  'S-1-5-21-3623811015-3361044348-30300820-1013',
  '2603:1030:c02:8::14 5432:db:8::1',
  '2001:5432:a:b:c:d:e:f and 00:15:5d:01:02:03 at 10:5432:1',
  'what came to pass = nothing',
  'https://management.azure.com/subscriptions/6d3a0f0e-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Compute/snapshots/cordon-2026-11-23-web01-os?api-version=2026-03-02',
  'ua-Rg9kQ2xTz4bN7mW1vH5jL8pD3sF6yA0c.example',
];

describe('kinds of secrets', () => {
  it.each(kinds)('%s', (text, secret) => {
    for (const around of [text, `at 02:14 ${text} and more`, JSON.stringify({ commandLine: text })]) {
      const clean = redactText(around);
      expect(clean).not.toContain(secret);
      expect(redactText(clean)).toBe(clean);
    }
  });
  it.each(harmless)('stays: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });
  it('takes no long time over what an attacker repeats', () => {
    for (const unit of [
      'curl -u ',
      'net user a ',
      '-p ',
      "'",
      'a:',
      'key=',
      'xoxb-',
      'AKIA',
      'mysql ',
      ' /p',
      'A'.repeat(51),
    ]) {
      expect(redactText(unit.repeat(Math.ceil(60_000 / unit.length))).length).toBeGreaterThan(0);
    }
  }, 20_000);
});

describe('canaries', () => {
  let bench: Bench;
  let cases = '';
  const canary = 'Canary4711Canary4711';
  const said = `Cannot do it: net user x ${canary} /add failed, ?sig=${canary}%3D&se=1, AccountKey=${canary};, x-api-key: ${canary}, ghp_${canary}${canary} \u009b31m`;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const vm = world.resources.find(({ name }) => name === 'web01');
      if (vm) vm.tags = { ...vm.tags, note: `sshpass -p ${canary} ssh x` };
    });
    cases = await mkdtemp(join(tmpdir(), 'cordon-canary-'));
  });
  afterAll(async () => {
    await bench.close();
    await rm(cases, { recursive: true });
  });

  it('are found nowhere: not on disk, not on screen, not in JSON, traffic or exports', async () => {
    let printed = '';
    const sink = Object.assign(Object.create(process.stdout), {
      isTTY: false,
      write(text: string) {
        printed += text;
        return true;
      },
    });
    const streams = { stdout: sink, stderr: sink };
    const base = { simulator: bench.simulator.url, cases, traffic: join(cases, 'traffic.jsonl') };
    await bench.faults([
      { match: { method: 'PUT', path: 'networkInterfaces' }, effect: { status: 400, code: 'Bad', message: said } },
    ]);
    for (const json of [true, false])
      await runPlaybook('lock-nsg', { ...base, vm: 'web01', confirm: 'web01', json }, streams);
    await bench.faults([
      { match: { method: 'POST', path: 'assessPatches' }, effect: { status: 400, code: 'Bad', message: said } },
    ]);
    await runPlaybook('assess-patches', { ...base, vm: 'web01', yes: true }, streams).catch((error: Error) => {
      printed += error.message;
    });
    await bench.faults([]);
    await triage('web01', { simulator: bench.simulator.url, json: true }, streams);
    const id = (await readdir(cases)).find((name) => name.endsWith('-web01')) ?? '';
    for (const format of ['markdown', 'html', 'timesketch'] as const) {
      await caseExport(id, { root: cases, format }, streams);
    }
    expect(printed).toContain('Cannot do it');
    expect(printed.includes(canary)).toBe(false);
    expect(printed.includes('\u009b')).toBe(false);
    const files = (await readdir(cases, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const text = await readFile(join(file.parentPath, file.name), 'utf8');
      expect(text.includes(canary), file.name).toBe(false);
    }
  }, 60_000);
});
