import { mkdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { summaryLines } from '../../src/commands/evtx-summary.ts';
import { evtxDocumentOf, gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readAuditLog } from '../../src/eventlog/audit-log.ts';
import { LogonCollector } from '../../src/eventlog/logon-collector.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { auditRecord } from '../../src/syslog/audit-record.ts';
import { temporaryFolder } from './temporary.ts';
import { utmpRecord } from './utmp-writer.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-24T00:00:00Z');
const start = Date.UTC(2026, 10, 23, 2) / 1000;

let serial = 100;
/** A record as auditd writes it: `at` in seconds after 02:00. */
function record(at: number, type: string, pid: number, said: string, head = 'auid=4294967295 ses=4294967295'): string {
  serial += 1;
  const time = (start + at).toFixed(3);
  return `type=${type} msg=audit(${time}:${serial}): pid=${pid} uid=0 ${head} subj=unconfined msg='${said}'\u001dUID="root" AUID="${head.startsWith('auid=1000') ? 'admin' : 'unset'}"\n`;
}
const from = 'hostname=203.0.113.9 addr=203.0.113.9 terminal=ssh';
const sshd = 'exe="/usr/sbin/sshd"';
/** "(invalid user)", as sshd has it in place of a name that is no account. */
const invalid = '28696E76616C6964207573657229';

/** Ubuntu's and Debian's sshd reports each method that failed, "none" among them; PAM reports the password. */
const ubuntu = (at: number, pid: number, account: string, known = true): string =>
  [
    record(
      at,
      'USER_LOGIN',
      pid,
      `op=login acct=${known ? `"${account}"` : invalid} ${sshd} hostname=? addr=203.0.113.9 terminal=sshd res=failed`,
    ),
    record(at + 0.2, 'USER_AUTH', pid, `op=PAM:authentication grantors=? acct="${account}" ${sshd} ${from} res=failed`),
    record(
      at + 2.3,
      'USER_LOGIN',
      pid,
      `op=login acct=${known ? `"${account}"` : invalid} ${sshd} hostname=? addr=203.0.113.9 terminal=sshd res=failed`,
    ),
  ].join('');
const session = 'auid=1000 ses=7';
const logon = (at: number, pid: number): string =>
  [
    record(at, 'USER_AUTH', pid, `op=PAM:authentication grantors=pam_unix acct="admin" ${sshd} ${from} res=success`),
    record(at + 0.1, 'USER_ACCT', pid, `op=PAM:accounting grantors=pam_unix acct="admin" ${sshd} ${from} res=success`),
    record(
      at + 0.3,
      'USER_START',
      pid,
      `op=PAM:session_open grantors=pam_unix acct="admin" ${sshd} ${from} res=success`,
      session,
    ),
    record(
      at + 0.5,
      'USER_LOGIN',
      pid,
      `op=login id=1000 ${sshd} hostname=? addr=203.0.113.9 terminal=/dev/pts/0 res=success`,
      session,
    ),
  ].join('');

const attack = [...Array.from({ length: 12 }, (_, i) => ubuntu(i * 3, 1000 + i, 'admin')), logon(60, 1100)].join('');

async function read(paths: readonly string[]) {
  const { files, logons } = await readEventLogs(logFiles(await gatherLogs(paths)), { now });
  return { files, logons };
}
async function known(paths: readonly string[]) {
  const { files, logons } = await read(paths);
  if (logons.state !== 'known') throw new Error(logons.because);
  return { files, logons: logons.value };
}
const codes = ({ bursts }: { bursts: readonly { codes: readonly { code: string; failures: number }[] }[] }) =>
  bursts.flatMap((burst) => burst.codes.map(({ code, failures }) => [code, failures]));

describe('logs of Linux audit', () => {
  it('count a guess once, whichever records report it, and the logon after it', async () => {
    const { files, logons } = await known([folder.write('audit.log', attack)]);
    expect(files).toMatchObject([
      {
        channel: 'audit',
        records: 40,
        failures: 12,
        successes: 1,
        damages: 0,
        notes: ['it does not name its computer'],
      },
    ]);
    expect(logons.bursts).toMatchObject([
      {
        failures: 12,
        sources: [{ address: '203.0.113.9' }],
        success: { state: 'known', value: { account: 'admin', address: '203.0.113.9', at: '2026-11-23T02:01:00.3Z' } },
      },
    ]);
    expect(codes(logons)).toEqual([['audit:failure', 12]]);
  });

  it('of Fedora and RHEL: a child asks PAM, names that are no account are hidden, a probe is no attempt', async () => {
    const rhel = (at: number, pid: number): string =>
      [
        record(at, 'USER_AUTH', pid + 1, `op=PAM:authentication grantors=? acct="?" ${sshd} ${from} res=failed`),
        record(
          at + 1.9,
          'USER_AUTH',
          pid,
          `op=challenge-response acct=${invalid} ${sshd} hostname=? addr=203.0.113.9 terminal=ssh res=failed`,
        ),
        record(
          at + 2,
          'USER_LOGIN',
          pid,
          `op=login acct=${invalid} ${sshd} hostname=? addr=203.0.113.9 terminal=ssh res=failed`,
        ),
      ].join('');
    const probe = record(
      90,
      'USER_LOGIN',
      1,
      `op=login acct=28756E6B6E6F776E207573657229 ${sshd} hostname=? addr=198.51.100.7 terminal=ssh res=failed`,
    );
    const keys = ['one', 'two']
      .map(() =>
        record(95, 'USER_AUTH', 2, `op=pubkey acct="bob" ${sshd} hostname=? addr=192.0.2.1 terminal=ssh res=failed`),
      )
      .join('');
    const text = [...Array.from({ length: 11 }, (_, i) => rhel(i * 4, 2000 + 2 * i)), probe, keys].join('');
    const { logons } = await known([folder.write('audit.log.1', text)]);
    expect(logons.failures).toBe(11);
    expect(logons.bursts[0]?.sources).toMatchObject([{ address: '203.0.113.9', failures: 11 }]);
  });

  it('say where the password was right, what root’s refusal does not say, and pass by sudo, su and cron', async () => {
    const text = [
      ...Array.from({ length: 10 }, (_, i) => ubuntu(i * 3, 3000 + i, 'root')),
      record(40, 'USER_AUTH', 3100, `op=PAM:authentication grantors=pam_unix acct="bob" ${sshd} ${from} res=success`),
      record(40.1, 'USER_ACCT', 3100, `op=PAM:accounting grantors=? acct="bob" ${sshd} ${from} res=failed`),
      record(
        41,
        'USER_AUTH',
        3200,
        'op=PAM:authentication grantors=? acct="root" exe="/usr/bin/su" hostname=web01 addr=? terminal=pts/0 res=failed',
        session,
      ),
      record(
        42,
        'USER_START',
        3300,
        'op=PAM:session_open grantors=pam_unix acct="root" exe="/usr/sbin/cron" hostname=? addr=? terminal=cron res=success',
      ),
    ].join('');
    const { files, logons } = await known([folder.write('audit.log.2', text)]);
    expect(files).toMatchObject([{ failures: 11, successes: 0 }]);
    expect(codes(logons)).toContainEqual(['audit:refused', 10]);
    expect(logons.rightButRefused).toMatchObject([
      { account: 'bob', address: '203.0.113.9', code: 'audit:account-refused' },
    ]);
  });

  it('add nothing to what sshd and btmp have of the same, and each is counted where it is alone', async () => {
    const log = `${folder.path}/uac/[root]/var/log`;
    mkdirSync(`${log}/audit`, { recursive: true });
    const names = Array.from({ length: 12 }, (_, i) => `user${i}`);
    const lines = names.map(
      (name, i) =>
        `2026-11-23T02:00:${String(i * 3 + 2).padStart(2, '0')}.4+00:00 web01 sshd[${1000 + i}]: Failed password for invalid user ${name} from 203.0.113.9 port 4000 ssh2\n`,
    );
    const accepted =
      '2026-11-23T02:01:00.100000+00:00 web01 sshd[1100]: Accepted password for admin from 203.0.113.9 port 5000 ssh2\n';
    const sudo = '2026-11-23T02:02:00+00:00 web01 sudo: admin : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n';
    const audit = [
      ...names.map((name, i) => ubuntu(i * 3, 1000 + i, i % 2 === 0 ? name : '?', false)),
      logon(60, 1100),
      record(
        120,
        'USER_CMD',
        1200,
        'cwd="/" cmd=2F7573722F62696E2F6964 exe="/usr/bin/sudo" terminal=pts/0 res=success',
        session,
      ),
      record(
        130,
        'ADD_USER',
        1300,
        'op=adding user id=1001 exe="/usr/sbin/useradd" hostname=web01 addr=? terminal=pts/0 res=success',
        session,
      ),
    ].join('');
    const btmp = names.map((user, i) =>
      utmpRecord({
        type: 6,
        user,
        host: '203.0.113.9',
        address: [203, 0, 113, 9],
        at: start + i * 3 + 2,
        pid: 1000 + i,
      }),
    );
    folder.write('uac/[root]/var/log/auth.log', lines.join('') + accepted + sudo);
    folder.write('uac/[root]/var/log/audit/audit.log', audit);
    folder.write('uac/[root]/var/log/audit/audit.log.1', audit);
    folder.write('uac/[root]/var/log/btmp', Buffer.concat(btmp));
    const all = await known([`${folder.path}/uac`]);
    expect(all.files.map(({ channel, computers }) => [channel, computers])).toEqual([
      ['syslog', ['web01']],
      ['audit', ['web01']],
      ['audit', ['web01']],
      ['btmp', ['web01']],
    ]);
    expect(all.logons.failures).toBe(12);
    const gathered = await gatherLogs([`${folder.path}/uac`]);
    const document = await evtxDocumentOf(gathered, await readEventLogs(logFiles(gathered), { now }));
    expect(summaryLines(document)[1]).toMatch(/; 12 to \d\d failed and 1 to \d successful logons$/);
    expect(all.logons.bursts[0]?.next.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^sudo: admin : .*COMMAND=\/usr\/bin\/id$/),
      'useradd: adding user uid 1001 by admin (audit)',
    ]);
    const beside = await known([`${log}/audit`, `${log}/btmp`]);
    expect(beside.logons.failures).toBe(12);
    const some = await known([folder.write('auth.log', lines.slice(0, 5).join('')), `${log}/audit/audit.log`]);
    expect(some.logons.failures).toBe(12);
    // auditd may write the full name of the host (name_format) where syslog has the short one.
    mkdirSync(`${folder.path}/full/var/log/audit`, { recursive: true });
    folder.write('full/var/log/auth.log', lines.join(''));
    folder.write('full/var/log/audit/audit.log', audit.replaceAll(/^type=/gm, 'node=WEB01.contoso.com type='));
    const full = await known([`${folder.path}/full`]);
    expect(full.files.map(({ computers }) => computers)).toEqual([['web01'], ['web01']]);
    expect(full.logons.failures).toBe(12);
  });

  it('of an address for a node, are of the only computer beside them, and of none where others send theirs', async () => {
    const line = (host: string, pid: number): string =>
      `2026-11-23T02:00:02.4+00:00 ${host} sshd[${pid}]: Failed password for admin from 203.0.113.9 port 4000 ssh2\n`;
    const guess = (node: string, pid: number): string =>
      ubuntu(0, pid, 'admin').replaceAll(/^type=/gm, `node=${node} type=`);
    const of = async (name: string, syslog: string, audit: string) => {
      mkdirSync(`${folder.path}/${name}/var/log/audit`, { recursive: true });
      folder.write(`${name}/var/log/auth.log`, syslog);
      folder.write(`${name}/var/log/audit/audit.log`, audit);
      const { files, logons } = await read([`${folder.path}/${name}`]);
      if (logons.state !== 'known') throw new Error(logons.because);
      const notes = files.flatMap((file) => file.notes ?? []);
      return { computers: files.map(({ computers }) => computers), notes, failures: logons.value.failures, logons };
    };
    const one = await of('one', line('web01', 9) + line('WEB01.contoso.com', 11), guess('10.0.0.4', 9));
    expect(one.computers).toEqual([['web01'], ['web01']]);
    expect(one.notes).toEqual([
      'its computer WEB01.contoso.com is taken for web01: these logs have no other full name of it',
      'its node 10.0.0.4 is an address: taken for web01, the only computer of the logs beside it',
    ]);
    expect(one.failures).toBe(2);
    const several = await of('several', line('web01', 9), guess('10.0.0.4', 9) + guess('db01', 12));
    expect(several.computers).toEqual([['web01'], ['10.0.0.4', 'db01']]);
    expect(several.failures).toBe(3);
    expect(several.logons.notSeen).toContainEqual(expect.stringMatching(/\(web01\) is 10\.0\.0\.4, an address/));
    const other = await of('other', line('web01', 9), guess('db01', 9));
    expect([other.computers, other.failures]).toEqual([[['web01'], ['db01']], 2]);
  });

  it('keep no more of one file than they may, and say so', async () => {
    const path = folder.write('long.log', Array.from({ length: 12 }, (_, i) => ubuntu(i, 4000 + i, 'admin')).join(''));
    const collector = new LogonCollector();
    const reading = await readAuditLog({ path, format: 'audit' }, {}, 10);
    const { notes, records } = reading.give(collector, { computerOf: () => 'web01', notes: [], notSeen: [] });
    expect([records, collector.other.held, collector.other.cutLines]).toEqual([36, 10, 26]);
    expect(notes).toEqual(['26 records of logons and actions beyond the first that are kept']);
  });

  it('take what someone else wrote: blanks without end, and a message that goes on', () => {
    const head = 'type=USER_LOGIN msg=audit(1795399200.123:7): pid=1 ';
    for (const said of [' '.repeat(400_000), 'a '.repeat(200_000), 'a b='.repeat(100_000)])
      expect(auditRecord(`${head}msg='op=${said}`)).toMatchObject({ type: 'USER_LOGIN' });
    const fields = auditRecord(`${head}msg='op=login acct="x' res=success" exe="/bin/login" res=failed'`)?.fields;
    expect(fields && [fields.get('acct'), fields.get('res')]).toEqual(["x' res=success", 'failed']);
  });

  it('leave unknown what they do not say: no record of a logon is no zero', async () => {
    const quiet = folder.write(
      'audit.log.9',
      record(
        0,
        'SERVICE_START',
        1,
        'unit=cron comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success',
      ),
    );
    expect((await read([quiet])).logons).toMatchObject({
      state: 'unknown',
      cure: expect.stringContaining('audit.log'),
    });
  });

  it('are rows of LinuxAuditLog, with texts decoded, and lines that are none said', async () => {
    const text = [
      'node=web01 type=SYSCALL msg=audit(1795399200.123:7): arch=c000003e syscall=59 success=yes exit=0 a0=55d4 items=2 ppid=1 pid=2 auid=1000 uid=0 ses=3 comm="sh" exe="/usr/bin/dash" key="cmd"\n',
      'node=web01 type=EXECVE msg=audit(1795399200.123:7): argc=3 a0="sh" a1=2D63 a2[0]=6563686F20 a2[1]="hi"\n',
      'no record\n',
    ].join('');
    const path = folder.write('audit.log.3', text);
    const { files } = await gatherEvidence([path], { named: evidenceFile });
    const query =
      'LinuxAuditLog | project TimeGenerated, Computer, RecordType, AuditID, syscall, pid, auid, key, a1, a2, _EvidenceLine';
    const { rows, notes } = await runQuery({ query, files, now: 0, limit: 10 }, () => {});
    expect(rows.map((row) => row.slice(1))).toEqual([
      ['web01', 'syscall', '1795399200.123:7', 'execve', 2, 1000, 'cmd', '', '', 1],
      ['web01', 'execve', '1795399200.123:7', '', null, null, '', '-c', 'echo hi', 2],
    ]);
    expect(notes).toEqual([expect.stringContaining('1 line that is no record of audit left out (first in line 3)')]);
  });

  it('are kept without the portions of the file that they are in', async () => {
    const far = 'hostname=198.51.100.100 addr=198.51.100.100 terminal=ssh';
    const said = `op=PAM:authentication grantors=? acct="root" ${sshd} ${far} res=failed`;
    const filler = `type=PROCTITLE msg=audit(${start}.000:1): proctitle=${'6C'.repeat(5000)}\n`;
    const write = (count: number): string => {
      const lines = Array.from({ length: count }, (_, i) => record(i, 'USER_AUTH', 5000 + i, said) + filler);
      return folder.write('large.log', lines.join(''));
    };
    const path = write(2000);
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    const held = (): number => {
      if (typeof collect === 'function') collect();
      return process.memoryUsage().heapUsed;
    };
    const collector = new LogonCollector();
    const before = held();
    const reading = await readAuditLog({ path, format: 'audit' }, {});
    const { bytes } = reading.give(collector, { computerOf: () => 'web01', notes: [], notSeen: [] });
    expect(held() - before).toBeLessThan(bytes / 3);
    expect(collector.other.held).toBe(2000);
  });
});
