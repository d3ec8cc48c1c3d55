import { describe, expect, it } from 'vitest';
import { readLogons } from '../../../src/azure/readers/logons.ts';
import { evaluate } from '../../../src/kql/evaluate.ts';
import { tableFromRows } from '../../../src/kql/table.ts';
import { xmlText } from '../../../src/text/xml-text.ts';
import { connectTo, machine } from '../log-workspace.ts';

type Row = Record<string, unknown>;
const now = '2026-11-23T02:20:11.000Z';
const at = (seconds: number): string => new Date(Date.parse('2026-11-23T01:00:00Z') + seconds * 1000).toISOString();
const web = machine({ name: 'web01', computerName: 'web01' });

/** Extensible Markup Language (XML) 1.0, fifth edition, 4.1 (character and entity references) and 4.6 (predefined entities). */
const forms: [written: string, read: string][] = [
  ['R&amp;D', 'R&D'],
  ['R&#38;D', 'R&D'],
  ['R&#x26;D', 'R&D'],
  ['O&apos;Brien', "O'Brien"],
  ['O&#39;Brien', "O'Brien"],
  ['O&#x27;Brien', "O'Brien"],
  ['&lt;b&gt; &quot;x&quot;', '<b> "x"'],
  ['jos&#xe9;', 'josé'],
  ['&#x1F600;', '😀'],
  ['once &amp;lt; &#38;lt; &amp;#60;', 'once &lt; &lt; &#60;'],
  ['&#48;&#48;123', '00123'],
  ['1&#101;5', '1e5'],
  [' a&amp;b ', ' a&b '],
  ['00123', '00123'],
  ['', ''],
  ['a&#10;b', 'a\nb'],
  // Not well-formed: the predefined entities are resolved, and the rest stays.
  ['R&D &amp; x', 'R&D & x'],
  ['&#0;&apos;', "&#0;'"],
  ['&unknown; &gt;', '&unknown; >'],
  ['&valueOf;', '&valueOf;'],
];

describe('text of XML in a query', () => {
  it.each(forms)('%j is %j', (written, read) => {
    const table = tableFromRows('T', [{ x: written }]);
    expect(evaluate(`T | project x = ${xmlText('x')}`, [table], { now: new Date(now) }).data[0]).toEqual([read]);
  });
});

describe('names in the XML of events', () => {
  const event = (
    seconds: number,
    EventID: number,
    EventLog: string,
    Source: string,
    data: Record<string, string>,
  ): Row => ({
    TimeGenerated: at(seconds),
    EventID,
    Computer: web.computerName,
    _ResourceId: web.id.toLowerCase(),
    EventLog,
    Source,
    EventData: `<DataItem><EventData>${Object.entries(data)
      .map(([name, value]) => `<Data Name="${name}">${value}</Data>`)
      .join('')}</EventData></DataItem>`,
  });
  const auditing = 'Microsoft-Windows-Security-Auditing';
  const ofTable = async (tables: Record<string, Row[]>) => {
    const Heartbeat = [{ TimeGenerated: at(4700), Computer: 'web01', _ResourceId: web.id }];
    const fact = await readLogons(connectTo({ now, tables: { Heartbeat, SecurityEvent: [], ...tables } }), web);
    if (fact.state === 'unknown') throw new Error(fact.because);
    return fact.value;
  };

  it('are one account however they are written, and hold no control sequence where they are shown', async () => {
    const names = ['R&amp;D', 'R&#38;D', 'R&#x26;D'];
    const failed = (i: number, name: string) =>
      event(4000 + i, 4625, 'Security', auditing, { TargetUserName: name, IpAddress: '203.0.113.9', LogonType: '3' });
    const one = await ofTable({ Event: Array.from({ length: 12 }, (_, i) => failed(i, names[i % 3] ?? '')) });
    expect(one.bursts).toMatchObject([{ failures: 12, accounts: [{ name: 'R&D', failures: 12 }] }]);
    const hostile = await ofTable({ Event: Array.from({ length: 12 }, (_, i) => failed(i, 'ad&#27;[2Jm&#10;in')) });
    expect(hostile.bursts[0]?.accounts[0]?.name).toMatch(/^ad[^\u001b\n]*in$/);
  });

  it('in lines of OpenSSH, also where Log Analytics keeps user data as XML', async () => {
    const failed = Array.from({ length: 12 }, (_, i) =>
      event(4000 + i, 4625, 'Security', auditing, { TargetUserName: 'a&#39;b', IpAddress: '-', LogonType: '8' }),
    );
    const payload = (i: number) => `Failed password for a&#x27;b from 203.0.113.9 port ${i + 1} ssh2`;
    const lines = failed.map((_, i) => event(4000 + i, 4, 'OpenSSH/Operational', 'OpenSSH', { payload: payload(i) }));
    const forwarded = failed.map((_, i) => ({
      TimeGenerated: at(4000 + i),
      EventID: 4,
      Computer: 'web01',
      _ResourceId: web.id.toLowerCase(),
      Channel: 'OpenSSH/Operational',
      Provider: 'OpenSSH',
      EventData: {
        UserData: `<EventXML xmlns="Event_NS"><process>sshd</process><payload>${payload(i)}</payload></EventXML>`,
      },
    }));
    const expected = [
      { failures: 12, accounts: [{ name: "a'b" }], sources: [{ address: '203.0.113.9', failures: 12 }] },
    ];
    expect((await ofTable({ Event: [...failed, ...lines] })).bursts).toMatchObject(expected);
    expect((await ofTable({ Event: failed, WindowsEvent: forwarded })).bursts).toMatchObject(expected);
  });
});
