import { describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

describe('an export that lost what makes it evidence', () => {
  it.each([
    [
      'last -F',
      'azureuser pts/0        203.0.113.9      Mon Nov 23 02:00:00 2026   still logged in\nreboot   system boot  6.8.0-1015-azure Mon Nov 23 00:00:00 2026   still running\n\nwtmp begins Mon Nov  2 00:00:00 2026\n',
      'give wtmp or btmp itself',
    ],
    [
      'lastb',
      'root     ssh:notty    203.0.113.9      Mon Nov 23 02:00 - 02:00  (00:00)\n         ssh:notty    203.0.113.9      Mon Nov 23 02:00 - 02:00  (00:00)\n',
      'give wtmp or btmp itself',
    ],
    [
      'utmpdump',
      '[7] [01234] [ts/0] [root    ] [pts/0       ] [203.0.113.9         ] [203.0.113.9    ] [2026-11-23T02:00:00,000000+00:00]\n',
      '(utmpdump -r FILE > wtmp)',
    ],
    ['journalctl -o short-full', 'Mon 2026-11-23 02:00:00 CET lin01 sshd[7]: Failed password for root\n', '--utc'],
    ['journalctl -o short-monotonic', '[   12.345678] lin01 sshd[7]: Failed password for root\n', '-o short-iso'],
    [
      'journalctl -o cat',
      'Server listening on :: port 22.\nFailed password for root from 203.0.113.9 port 22 ssh2\n',
      '-o export',
    ],
    [
      'journalctl -o verbose',
      `Mon 2026-11-23 02:00:00.123456 UTC [s=${'0f'.repeat(16)};i=1;b=1;m=1;t=1;x=1]\n    MESSAGE=Failed password for root\n`,
      '-o json',
    ],
    [
      'Get-MgAuditLogSignIn | Export-Csv',
      '"CreatedDateTime","IPAddress","Status","UserPrincipalName"\n"11/23/2026 2:00:01 AM","203.0.113.9","Microsoft.Graph.PowerShell.Models.MicrosoftGraphSignInStatus","a@b.c"\n',
      'ConvertTo-Json -Depth 10',
    ],
    [
      'Event Viewer in German',
      'Schlüsselwörter,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\nÜberwachungsfehler,23.11.2026 02:00:01,Microsoft-Windows-Security-Auditing,4625,Logon,"Fehler beim Anmelden"\n',
      'save the log as .evtx',
    ],
    [
      'Event Viewer as text',
      'Audit Failure\t11/23/2026 2:00:01 AM\tMicrosoft-Windows-Security-Auditing\t4625\tLogon\tAn account failed to log on.\n',
      'save the log as .evtx',
    ],
    [
      'fail2ban',
      '2026-11-23 02:00:00,123 fail2ban.filter         [812]: INFO    [sshd] Found 203.0.113.9\n',
      'auth.log',
    ],
  ])('is named with the one to make instead: %s', async (_, content, cure) => {
    const { unread, files } = await gatherEvidence([folder.write('given.txt', content)], { named: evidenceFile });
    expect(files).toEqual([]);
    expect(unread).toMatchObject([{ because: expect.stringContaining(cure) }]);
  });

  it('is none where the zone is UTC, or another line is of syslog', async () => {
    const lines =
      'Mon 2026-11-23 02:00:00 UTC lin01 sshd[7]: Failed password for root from 203.0.113.9 port 22 ssh2\n2026-11-23T02:00:00Z lin01 login[7]: root pts/0 Mon Nov 23 02:00\n';
    const { files } = await gatherEvidence([folder.write('given.log', lines)], { named: evidenceFile });
    expect(files).toMatchObject([{ format: 'syslog' }]);
  });
});
