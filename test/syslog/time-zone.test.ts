import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { noGaps, type SyslogFile, syslogEntries } from '../../src/syslog/syslog-file.ts';
import { isTimeZone, LocalTimes, zoneOfFile, zoneOfLink } from '../../src/syslog/time-zone.ts';
import { yearNote } from '../../src/syslog/years.ts';
import { isoOf } from '../../src/triage/logons/ticks.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
const berlin = 'CET-1CEST,M3.5.0,M10.5.0/3';
const instants = (zone: string, ...times: string[]): string[] => {
  const local = new LocalTimes(zone);
  return times.map((time) => new Date(local.instant(Date.parse(`${time}Z`))).toISOString().slice(0, 16));
};

describe('local times', () => {
  it('are those of the zone on either side of its changes, also in the hour that comes twice', () => {
    const times = ['2026-03-29T01:59', '2026-03-29T02:30', '2026-03-29T03:00', '2026-10-25T01:59', '2026-10-25T02:10'];
    const twice = ['2026-10-25T02:50', '2026-10-25T02:20', '2026-10-25T03:00'];
    for (const zone of ['Europe/Berlin', berlin])
      expect(instants(zone, ...times, ...twice)).toEqual([
        '2026-03-29T00:59',
        '2026-03-29T01:30',
        '2026-03-29T01:00',
        '2026-10-24T23:59',
        '2026-10-25T00:10',
        '2026-10-25T00:50',
        '2026-10-25T01:20',
        '2026-10-25T02:00',
      ]);
  });

  it('agree by the IANA’s name and by POSIX’ rules, over two years of many zones', () => {
    const zones = {
      'Australia/Sydney': 'AEST-10AEDT,M10.1.0,M4.1.0/3',
      'America/New_York': 'EST5EDT,M3.2.0,M11.1.0',
      'Asia/Kathmandu': '<+0545>-5:45',
      'America/Sao_Paulo': '<-03>3',
      UTC: 'UTC0',
    };
    for (const [name, rules] of Object.entries(zones)) {
      const [one, other] = [new LocalTimes(name), new LocalTimes(rules)];
      for (let at = Date.UTC(2025, 0, 1); at < Date.UTC(2027, 0, 1); at += 5_400_000)
        expect(one.instant(at), `${name} ${new Date(at).toISOString()}`).toBe(other.instant(at));
    }
  });

  it('have no zone by a name or by rules that are none', () => {
    for (const none of ['Mars/Base', '', '../../etc/passwd', 'CET-1CEST,J60,J300', 'x'.repeat(5000)])
      expect(isTimeZone(none)).toBe(false);
    expect(zoneOfLink('../usr/share/zoneinfo/Europe/Berlin')).toBe('Europe/Berlin');
    expect(zoneOfLink('/somewhere/else')).toBe('');
    expect(zoneOfFile(Buffer.from(`TZif2\0\0\n${berlin}\n`))).toBe(berlin);
    expect(zoneOfFile(Buffer.from('TZif\n'))).toBe('');
  });
});

describe('the zone of a collection', () => {
  const collected = async (name: string, make: (etc: string) => void): Promise<[string, string]> => {
    const root = `${folder.path}/${name}`;
    mkdirSync(`${root}/var/log`, { recursive: true });
    mkdirSync(`${root}/etc`, { recursive: true });
    writeFileSync(`${root}/var/log/auth.log`, 'Jul 10 04:17:00 web01 sshd[1]: Invalid user x from 203.0.113.9\n');
    make(`${root}/etc`);
    const { files } = await gatherEvidence([root], { named: evidenceFile, now: new Date('2026-11-23T12:00:00Z') });
    const log = files.find(({ format }) => format === 'syslog');
    if (!log?.year) throw new Error('no log');
    const at: string[] = [];
    for await (const entries of syslogEntries(log as SyslogFile, noGaps()))
      at.push(...entries.map((one) => isoOf(one.at)));
    return [at.join(), yearNote(log.year)];
  };

  it('gives its lines their instants, and is named with the file that says it', async () => {
    const link = await collected('rhel', (etc) =>
      symlinkSync('../usr/share/zoneinfo/Europe/Berlin', `${etc}/localtime`),
    );
    expect(link).toEqual([
      '2026-07-10T02:17:00Z',
      expect.stringMatching(/and Europe\/Berlin, by etc\/localtime of its/),
    ]);
    const name = await collected('ubuntu', (etc) => writeFileSync(`${etc}/timezone`, 'America/New_York\n'));
    expect(name).toEqual(['2026-07-10T08:17:00Z', expect.stringContaining('America/New_York, by etc/timezone')]);
    const rules = await collected('copied', (etc) => writeFileSync(`${etc}/localtime`, `TZif2\0\n${berlin}\n`));
    expect(rules[0]).toBe('2026-07-10T02:17:00Z');
  });

  it('is UTC, as before, where nothing says it or what does is no zone', async () => {
    const outside = await collected('outside', (etc) => symlinkSync('/etc/passwd', `${etc}/localtime`));
    expect(outside).toEqual(['2026-07-10T04:17:00Z', expect.stringMatching(/and UTC$/)]);
  });
});
