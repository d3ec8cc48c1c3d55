import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withParameters } from '../../src/azure/client/kql-literal.ts';
import { evtxText } from '../../src/commands/evtx-report.ts';
import { evtxDocumentOf, gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-24T00:00:00Z');

/** As shadow 4.13, sudo 1.9, util-linux 2.38 and cron 3.0 of Debian 12 write them. */
const telling = [
  'sudo: azureuser : TTY=pts/0 ; PWD=/home/azureuser ; USER=root ; COMMAND=/usr/bin/tee -a /root/.ssh/authorized_keys',
  'useradd[901]: new user: name=eve, UID=1002, GID=1002, home=/home/eve, shell=/bin/bash, from=/dev/pts/0',
  'groupadd[902]: new group: name=ops, GID=1003',
  "usermod[903]: add 'eve' to group 'sudo'",
  'gpasswd[904]: user eve added by root to group sudo',
  'passwd[905]: pam_unix(passwd:chauthtok): password changed for eve',
  'chage[906]: changed password expiry for eve',
  "usermod[907]: unlock user 'eve' password",
  'su[908]: (to root) eve on pts/1',
  'crontab[909]: (root) REPLACE (root)',
  "userdel[910]: delete user 'bob'",
  'cron[917]: (*system*evil) RELOAD (/etc/cron.d/evil)',
  'crond[918]: (eve) RELOAD (/var/spool/cron/eve)',
  "atd[919]: Starting job 5 (a0000501b2c3d4) for user 'eve' (1001)",
  'sudo: eve : TTY=unknown ; PWD=/ ; USER=root ; COMMAND=/usr/bin/tee -a /root/.ssh/authorized_keys',
];
const silent = [
  "useradd[911]: failed adding user 'eve', data deleted",
  'sudo: pam_unix(sudo:session): session opened for user root(uid=0) by azureuser(uid=1000)',
  'crontab[912]: (root) LIST (root)',
  'CRON[913]: (root) CMD (run-parts /etc/cron.hourly)',
  'passwd[914]: pam_unix(passwd:chauthtok): authentication failure; user=eve',
  'su[915]: FAILED SU (to root) eve on pts/1',
  'systemd[1]: Started Session 3 of user eve; added',
];

const line = (minute: number, text: string): string =>
  `2026-11-23T02:${String(minute).padStart(2, '0')}:00.000000+00:00 web01 ${text}\n`;
const guess = (i: number): string =>
  `2026-11-23T01:59:${String(i).padStart(2, '0')}.000000+00:00 web01 sshd[${500 + i}]: Failed password for azureuser from 203.0.113.9 port ${40_000 + i} ssh2\n`;
const entered =
  '2026-11-23T01:59:40.000000+00:00 web01 sshd[600]: Accepted password for azureuser from 203.0.113.9 port 50000 ssh2\n';

const log = [
  line(0, telling[1] ?? '')
    .replace('02:00:00', '01:00:00')
    .replace('eve', 'old'),
  ...Array.from({ length: 12 }, (_, i) => guess(i)),
  entered,
  ...telling.map((text, i) => line(i, text)),
  ...silent.map((text, i) => line(20 + i, text)),
  line(40, telling[0] ?? ''),
].join('');

describe('actions on Linux after a logon', () => {
  it('follow the logon in time order, each once, whichever files hold them', async () => {
    const paths = [folder.write('auth.log', log), folder.write('secure', log)];
    const gathered = await gatherLogs(paths);
    const reading = await readEventLogs(logFiles(gathered), { now });
    if (reading.logons.state !== 'known') throw new Error(reading.logons.because);
    const [burst] = reading.logons.value.bursts;
    expect(burst?.success).toMatchObject({ state: 'known', value: { account: 'azureuser', address: '203.0.113.9' } });
    expect(burst?.next.map(({ what }) => what)).toEqual(telling.map((text) => text.replace(/\[\d+\]/, '')));
    const text = evtxText(await evtxDocumentOf(gathered, reading));
    expect(text).toContain('2026-11-23T02:04:00Z  gpasswd: user eve added by root to group sudo');
  });

  it('are those that Log Analytics is asked for', async () => {
    const query = readFileSync(new URL('../../src/azure/queries/linux-aftermath.kql', import.meta.url), 'utf8');
    const given = { from: 'datetime(2026-11-23T01:30:00Z)', until: 'datetime(2026-11-24T00:00:00Z)', rowLimit: '100' };
    const { files } = await gatherEvidence([folder.write('auth.log', log)], { named: evidenceFile });
    const { rows } = await runQuery({ query: withParameters(query, given), files, now: 0, limit: 100 }, () => {});
    expect(rows.map((row) => row[2])).toEqual(telling.map((text) => text.replace(/\[\d+\]/, '')));
  });
});
