import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { factEntry } from '../../src/casefile/bodies.ts';
import type { CaseFile } from '../../src/casefile/case-store.ts';
import { type ExportFormat, exportCase } from '../../src/casefile/write-export.ts';
import { known, unknown } from '../../src/documents/fact.ts';
import type { IncidentDocument } from '../../src/documents/incident.ts';
import { newStore, tickingClock } from './sample-case.ts';
import { activity, burst, exposed, logons, machine, reading, toldCase } from './told-case.ts';

async function exported(file: CaseFile, format: ExportFormat): Promise<string> {
  const { file: path } = await exportCase(file, { format, now: tickingClock('2026-11-23T04:00:00.000Z') });
  return readFile(path, 'utf8');
}

/** The lines of one section of the Markdown, without its escapes. */
function section(markdown: string, title: string): string {
  const text = markdown.replaceAll('\\', '');
  const from = text.indexOf(`## ${title}\n`);
  expect(from, title).toBeGreaterThan(-1);
  return text.slice(from).split(/\n##? /, 2)[0] ?? '';
}

const web01 = machine('web01');
const brokenInto = reading(web01, {
  logons: logons(burst()),
  exposure: exposed(3389),
  activity: activity({}),
});

describe('page one of the notes', () => {
  it('tells who got in, what was left behind and where the intruder went on', async () => {
    const file = await toldCase(await newStore(), brokenInto);
    const markdown = await exported(file, 'markdown');
    await file.release();
    const short = section(markdown, 'In short');
    expect(short).toContain(
      '| Compromised | svc-backup logged on from 203.0.113.77 at 2026-11-23 02:14:09Z (type 10, remote desktop), after 1,204 failed logons since 2026-11-23 01:58:02Z (T1110.001, T1078) E',
    );
    expect(short).toMatch(/Left behind \| account helpdesk2 created .*service UpdateCheckSvc installed/);
    expect(short).toMatch(/Spreading \| the managed identity of web01 acted in Azure: .*web02 02:16:20Z/);
    expect(short).toMatch(/State now \| open to the Internet: 3389 RDP/);
    const attack = section(markdown, 'Attack, in order');
    expect(attack).toContain('| 2026-11-23 |');
    expect(attack).toMatch(
      /\| 02:14:09Z \| logon after the failures \| svc-backup \| 203\.0\.113\.77 \| T1078 \| logons E2 \|/,
    );
    expect(section(markdown, 'Indicators of compromise')).toMatch(/\| service \| UpdateCheckSvc \|/);
    expect(section(markdown, 'Left to do')).toMatch(/critical \| 3389 \| .*cordon run lock-nsg --vm web01/);
  });

  it('says what led from VM to VM, attempts as such, and what was not read as not known', async () => {
    const file = await toldCase(await newStore(), brokenInto);
    const asOf = '2026-11-23T02:20:11.000Z';
    const lead = {
      kind: 'internal-logon',
      to: { kind: 'vm', id: '', name: 'file01' },
      reached: false,
      severity: 'high',
      text: '23 failed logons as svc | backup from web01 (10.1.4.7)',
      who: 'svc',
      from: '10.1.4.7',
      first: '2026-11-23T02:16:40Z',
      last: '2026-11-23T02:19:02Z',
      failures: 23,
      successes: 0,
    } as const;
    const seen = { source: 'Log Analytics', asOf, coverage: 'last 24 h' };
    const document: IncidentDocument = {
      schema: 'cordon.incident/1',
      asOf,
      vms: [
        {
          vm: { id: web01.id, name: 'web01' },
          hop: 0,
          because: '',
          followed: { addresses: [], accounts: [], privateAddresses: null, since: null },
          logons: known([lead], seen),
          operations: unknown('denied', 'no permission to read it', 'ask for Reader', 'activity log'),
        },
      ],
      notFollowed: [],
    };
    const fact = known(document, seen);
    const evidence = await file.evidence.writeJson('incident', fact);
    await file.transcript.append('fact', 'anna', factEntry('incident', '1 lead from web01', fact, evidence));
    const told = section(await exported(file, 'markdown'), 'From VM to VM');
    await file.release();
    expect(told).toContain('| web01 | file01 (attempt) | 2026-11-23 02:16:40Z | 23 failed logons as svc | backup');
    expect(told).toContain(
      '| web01 | NOT KNOWN |  | no permission to read it. To fix: ask for Reader | activity log |',
    );
  });

  it('has no instant in another form than the second, and under its day', async () => {
    const file = await toldCase(await newStore(), brokenInto);
    const page = (await exported(file, 'markdown')).split('# Annex A')[0] ?? '';
    await file.release();
    expect(page).not.toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d/);
  });

  it('does not say that nobody got in where that is not known', async () => {
    const file = await toldCase(await newStore(), reading(web01, { logons: 'unknown', exposure: exposed(3389) }));
    const short = section(await exported(file, 'markdown'), 'In short');
    await file.release();
    expect(short).not.toContain('Compromised');
    expect(short).toContain('Not known | failed logons: no table SecurityEvent in this workspace');
  });

  it('says of a quiet VM what it looked at', async () => {
    const file = await toldCase(await newStore(), reading(web01, { logons: logons(), exposure: exposed() }));
    const short = section(await exported(file, 'markdown'), 'In short');
    await file.release();
    expect(short).toContain('Compromised | no logon is known to have followed failed logons');
    expect(short).toContain('State now | no port is open to the Internet');
  });

  it('gives each VM a head of its own and the tables a column for it', async () => {
    const quiet = reading(machine('web02'), { logons: logons(), exposure: exposed() });
    const file = await toldCase(await newStore(), brokenInto, quiet);
    const markdown = await exported(file, 'markdown');
    await file.release();
    expect(markdown).toContain('### web01\n');
    expect(markdown).toContain('### web02\n');
    expect(section(markdown, 'Attack, in order')).toContain('| UTC | VM | What | Who | From | ATT&CK | Evidence |');
    expect(section(markdown, 'Left to do')).toContain('| Severity | VM | What | To do |');
  });
});

describe('several readings of one VM', () => {
  const locked = reading(web01, { logons: logons(burst()), exposure: exposed(), activity: activity({}) });

  it('keep what was true, and say what is so now', async () => {
    const file = await toldCase(await newStore(), brokenInto, locked);
    const markdown = await exported(file, 'markdown');
    await file.release();
    expect(section(markdown, 'In short')).toMatch(
      /State now \| no port is open to the Internet .*before: open to the Internet: 3389 RDP/,
    );
    const findings = section(markdown, 'Findings');
    expect(findings).toMatch(/critical \| RDP is open to .* \| closed 2026-11-23 02:20:\d\dZ \|/);
    expect(findings).toMatch(/critical \| .* ended in a logon as svc-backup .* \| open \|/);
  });

  it('do not close a finding whose evidence the later one does not know', async () => {
    const blind = reading(web01, { logons: 'unknown', exposure: 'unknown' });
    const file = await toldCase(await newStore(), brokenInto, blind);
    const markdown = await exported(file, 'markdown');
    await file.release();
    const findings = section(markdown, 'Findings');
    expect(findings).not.toContain('| closed');
    expect(findings).toMatch(/not seen again 2026-11-23 02:20:\d\dZ: its evidence is not known any more/);
    expect(section(markdown, 'In short')).toMatch(/Compromised \| svc-backup logged on .* \[as read 2026-11-23/);
  });
});

describe('a conclusion that cannot be read', () => {
  it('is told, and the rest is exported', async () => {
    const file = await toldCase(await newStore(), brokenInto);
    const conclusion = await evidenceNamed(file, 'conclusion');
    await file.release();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(conclusion, '{}');
    const markdown = (await exported(file, 'markdown')).replaceAll('\\', '');
    expect(markdown).toContain('This case does not verify');
    expect(markdown).toMatch(/the conclusion of .* about web01 .* cannot be read/);
  });
});

async function evidenceNamed(file: CaseFile, name: string): Promise<string> {
  for await (const { body } of file.entries()) {
    const evidence: unknown = body.evidence;
    if (body.name !== name || typeof evidence !== 'object' || evidence === null || !('file' in evidence)) continue;
    return `${file.directory}/${evidence.file}`;
  }
  throw new Error(`no evidence of ${name}`);
}

describe('names that an attacker chose', () => {
  const evil = '=cmd|"/C calc"!A0 </td><script>x</script> \u202e\u001b[2J`|\\\' ](http://x)';
  const attacked = reading(web01, {
    logons: logons(
      burst({
        accounts: [{ name: evil, failures: 1204, exists: null }],
        success: {
          state: 'known',
          value: { at: '2026-11-23T02:14:09Z', account: evil, address: '203.0.113.77', logonType: 10 },
        },
        next: [{ at: '2026-11-23T02:15:31Z', eventId: 7045, what: evil, made: { kind: 'service', name: evil } }],
      }),
    ),
    exposure: exposed(3389),
    activity: activity({ caller: evil, resource: `/providers/a/b/${evil}` }),
  });

  it('stay text in HTML', async () => {
    const file = await toldCase(await newStore(), attacked);
    const html = await exported(file, 'html');
    await file.release();
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('stay in their cells in Markdown', async () => {
    const file = await toldCase(await newStore(), attacked);
    const markdown = await exported(file, 'markdown');
    await file.release();
    for (const line of markdown.split('\n').filter((one) => one.startsWith('|') && one.includes('cmd'))) {
      const live = line.replace(/\\[!-/:-@[-`{-~]/g, '·');
      expect(live).not.toMatch(/[<>`[\]]|:\/\//);
      for (const cell of live.split('|')) expect(cell).not.toMatch(/^ [=+@]/);
    }
  });

  it.each(['csv', 'iris'] as const)('run no formula in %s', async (format) => {
    const file = await toldCase(await newStore(), attacked);
    const text = await exported(file, format);
    await file.release();
    expect(text).toContain('cmd|');
    for (const field of fieldsOf(text)) expect(field).not.toMatch(/^\s*[=@]|^\s*[+-](?!00:00$)/);
  });

  it('end no string of a STIX pattern', async () => {
    const file = await toldCase(await newStore(), attacked);
    const bundle: { objects: { pattern?: string }[] } = JSON.parse(await exported(file, 'stix'));
    await file.release();
    const patterns = bundle.objects.flatMap(({ pattern }) => (pattern === undefined ? [] : [pattern]));
    expect(patterns.length).toBeGreaterThan(1);
    for (const pattern of patterns) {
      expect(pattern).toMatch(/^\[[a-z0-9-]+:[a-z_.'-]+ = '(?:[^'\\]|\\['\\])*'\]$/);
    }
  });
});

/** The fields of a CSV text, by RFC 4180. */
function fieldsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}
