import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { visibleRows } from '../../src/session/suspects.ts';
import { timeLineOf } from '../../src/triage/time-line.ts';
import { atTriage, begin } from './fixtures/begun.ts';
import { promptOf } from './fixtures/confirm.ts';
import { burst, incident, known, machine, now, port, suspect, suspects, unknown } from './fixtures/incident.ts';
import { keyPrompt, lockView, ScriptedRun, settle, typedPrompt, World } from './fixtures/ports.ts';
import type { FakeTerminal } from './fixtures/screen.ts';
import { screenOf } from './fixtures/screen-of.ts';

/** The rows of the screen, checked to be as many and as wide as the terminal, with whole borders. */
async function frame(terminal: FakeTerminal): Promise<string[]> {
  const lines = await terminal.lines();
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(terminal.screen.cols);
  return lines;
}

describe('suspects', () => {
  test('the first frame says what is awaited, the rows follow, and the selected one explains itself', async () => {
    const { terminal, world } = begin();
    await terminal.until('… listing the VMs you can see');
    await world.endScan();
    const list = screenOf(await terminal.until('THEN SUCCESS'));
    expect(list.row('cordon ')).toMatch(/DEMO +READ-WRITE.*02:20:11Z/);
    expect(list.row('6 VMs')).toContain(
      '6 VMs · 5 exposed to the Internet · 3 under attack · 1 compromised · 1 with something unknown',
    );
    expect(list.selected()).toMatch(/^▲ web01/);
    expect(list.row('legacy7')).toMatch(/^\? legacy7.*\? no logs.*\? unseen/);
    expect(list.row('web01: ')).toContain('RDP from the whole Internet by web-nsg/allow-rdp (300); 1,204 failures');
  });

  test('a list that could not be read says why and how to go on', async () => {
    const { terminal, world } = begin();
    await terminal.until('listing');
    await world.failScan('Resource Graph does not answer.');
    await terminal.until('✗ The VMs could not be listed: Resource Graph does not answer.');
    terminal.type('r');
    await terminal.until('… listing');
  });

  test('a list that cannot be read again stays, with its age and why', async () => {
    const { terminal, world } = begin(120, 24);
    await world.endScan();
    await terminal.until('❯▲ web01');
    terminal.type('r');
    await settle();
    await world.endScan([], { why: 'no-answer', because: 'Azure does not answer', cure: 'check the network' });
    const shown = screenOf(await terminal.until('✗ not read again'));
    expect(shown.row('web01')).toContain('THEN SUCCESS');
    expect(shown.has('6 VMs')).toBe(true);
    expect(shown.row('its old answers stay')).toContain('Azure does not answer; check the network');
    terminal.type('r');
    await world.failScan('Resource Graph does not answer.');
    await terminal.until((screen) => screen.includes('Resource Graph does not answer.') && screen.includes('❯▲ web01'));
  });

  test('filter: plain text as it is typed, Esc puts the old one back', async () => {
    const { terminal, world } = begin();
    await world.endScan();
    await terminal.until('sql02');
    terminal.type('/sql');
    await terminal.until((screen) => screen.includes('filter > sql_') && !screen.includes('lin-build'));
    terminal.type('\u001b');
    await terminal.until('lin-build');
    terminal.type('/!rg-web\r');
    await terminal.until((screen) => screen.includes('match !rg-web') && !screen.includes('❯▲ web01'));
  });

  test('filter: letters in their order are enough, a word is edited in its middle, what was entered comes back', async () => {
    const { terminal, world, session } = begin();
    await world.endScan();
    await terminal.until('sql02');
    terminal.type('/');
    await terminal.until('filter > _');
    terminal.type('wb1');
    await terminal.until((screen) => screen.includes('❯▲ web01') && !screen.includes('sql02'));
    terminal.type('\u001b[D');
    terminal.type('\u001b[D');
    terminal.type('e');
    await terminal.until('filter > we_b1');
    terminal.type('\r');
    await terminal.until('match web1');
    terminal.type('/');
    await terminal.until('filter > _');
    terminal.type('\u001b[A');
    await terminal.until('filter > web1_');
    terminal.type('\u0015');
    terminal.type('\r');
    await terminal.until('sql02');
    expect(session.state().filter).toBe('');
  });

  test('j k g G, half pages and pages move as they do elsewhere; : opens a VM by its name', async () => {
    const { terminal, world, session } = begin(120, 20);
    await world.endScan(Array.from({ length: 40 }, (_, at) => suspect(`vm-${String(at).padStart(2, '0')}`, 0)));
    await terminal.until('❯· vm-00');
    const shown = () => visibleRows(session.state()).findIndex(({ id }) => id === session.state().selectedVm);
    for (const [key, at] of [
      ['j', 1],
      ['k', 0],
      ['G', 39],
      ['g', 0],
      ['\u0004', 5],
      ['\u0015', 0],
      ['\u0006', 11],
      ['\u0002', 0],
    ] as const) {
      terminal.type(key);
      await settle();
      expect(shown(), JSON.stringify(key)).toBe(at);
    }
    terminal.type(':');
    await terminal.until(' : _');
    terminal.type('vm-3');
    await terminal.until('Open vm-30 in');
    terminal.type('\r');
    await terminal.until('Exposed ports');
    expect(session.state().layers.at(-1)).toMatchObject({ kind: 'triage' });
  });

  test('10,000 VMs: the end is one key away and only rows on screen are drawn', async () => {
    const { terminal, world } = begin();
    await world.endScan(Array.from({ length: 10_000 }, (_, at) => suspect(`vm-${String(at).padStart(5, '0')}`, 0)));
    await terminal.until('10,000 VMs');
    terminal.type('\u001b[F');
    await terminal.until('❯· vm-09999');
  });
});

describe('findings', () => {
  test('f lists them, worst first; the selected one is told in full, and Enter opens what it rests on', async () => {
    const { terminal, world } = await atTriage();
    await world.endTriage();
    await terminal.until('f 3 findings');
    terminal.type('f');
    await terminal.until('3 findings');
    terminal.type('/');
    await terminal.until('search > _');
    terminal.type('4389');
    await terminal.until((screen) => screen.includes('❯▲ 4389 is open') && !screen.includes('▲ RDP is open to the'));
    terminal.type('\u001b');
    const list = screenOf(
      await terminal.until('❯▲ RDP is open to the whole Internet, and a brute-force attack ended in a logon'),
    );
    expect(list.row('practice 2')).toBe(
      'practice 2 Management ports · T1110.001 · playbook lock-nsg · rests on exposed port 1, burst 1',
    );
    terminal.type('\u001b[B');
    await terminal.until('❯▲ 4389 is open to the whole Internet and may carry RDP.');
    terminal.type('\r');
    await terminal.until('4389/tcp on web01');
    // The next one, and back, without leaving the detail.
    terminal.type('\t');
    await terminal.until('443/tcp on web01');
    terminal.type('\u001b[D');
    await terminal.until('4389/tcp on web01');
    terminal.type('\u001b');
    await terminal.until('❯▲ 4389 is open');
    terminal.type('y');
    await terminal.until('Copied this finding');
    expect(world.copied).toEqual(['critical: 4389 is open to the whole Internet and may carry RDP.']);
  });
});

describe('the detail of a port', () => {
  test('says where the exposure comes from and what it could not include, beside how it is explained', async () => {
    const { terminal, world } = await atTriage();
    const document = incident();
    if (document.exposure.state !== 'known') throw new Error('the incident knows its exposure');
    const lack = 'security admin rules of vnet-prod: no permission';
    await world.endTriage({ ...document, exposure: { ...document.exposure, notSeen: [lack] } });
    await terminal.until('whole Internet');
    terminal.type('\r');
    const detail = screenOf(await terminal.until('Path'));
    expect(detail.row('Source')).toMatch(/Source +the simulator, 2026-11-23 02:19:59Z/);
    expect(detail.row(lack)).toMatch(new RegExp(`Not seen +${lack}`));
  });
});

describe('a narrow pane of failed logons', () => {
  test('drops the seconds rather than the kind of the attack', async () => {
    const { terminal, world } = await atTriage(100, 30);
    await world.endTriage();
    const { rows } = screenOf(await terminal.until(/THEN LOGON/)).pane('Failed logons');
    const burst = (period: string) => rows.slice(rows.findIndex((row) => row.includes(period))).slice(0, 3);
    const [guessed, ...guess] = burst('01:58–02:14Z');
    expect(guessed).toMatch(/01:58–02:14Z +1,204/);
    expect(guess.join('\n')).toMatch(/brute force .*\n.*203\.0\.113\.77/);
    const [sprayed, ...spray] = burst('00:10–00:41Z');
    expect(sprayed).toMatch(/00:10–00:41Z +310/);
    expect(spray.join('\n')).toMatch(/password spray .*\n.*198\.51\.100\.9/);
  });
});

describe('on a tall screen', () => {
  test('the box of what is selected grows when the events around it arrive', async () => {
    const { terminal, world } = await atTriage(160, 100);
    await world.endTriage();
    await terminal.until('THEN LOGON 02:14:09Z');
    terminal.type('2');
    await terminal.until('selected: brute force');
    terminal.type('\r');
    await terminal.until('asking for the events next to 02:14:09Z');
    terminal.type('\u001b');
    await terminal.until('Exposed ports');
    const event = (second: number) => ({
      at: `2026-11-23T02:14:${second}Z`,
      eventId: 4624,
      account: '',
      address: '',
      by: '',
      what: `event ${second}`,
    });
    world.looking[0]?.end(
      known({ around: '2026-11-23T02:14:09Z', events: Array.from({ length: 36 }, (_, i) => event(10 + i)) }),
    );
    await terminal.until('event 10');
    const whole = screenOf(await terminal.lines());
    expect(whole.has('event 45')).toBe(true);
    expect(whole.has('Logon types')).toBe(true);
  });
});

describe('following an address', () => {
  test('a shows what it did elsewhere; the events next to the logon stand in the burst’s detail', async () => {
    const { terminal, world } = await atTriage();
    await world.endTriage();
    await terminal.until('THEN LOGON 02:14:09Z');
    terminal.type('2\r');
    await terminal.until('asking for the events next to 02:14:09Z');
    world.looking[0]?.end(
      known({
        around: '2026-11-23T02:14:09Z',
        events: [
          {
            at: '2026-11-23T02:14:09Z',
            eventId: 4624,
            account: 'svc-backup',
            address: '203.0.113.77',
            by: '',
            what: 'logon of svc-backup from 203.0.113.77 (type 10, remote desktop)',
          },
          {
            at: '2026-11-23T02:14:12Z',
            eventId: 4624,
            account: 'SYSTEM',
            address: '-',
            by: '',
            what: 'logon of SYSTEM',
          },
        ],
      }),
    );
    const detail = screenOf(await terminal.until('02:14:12Z  4624  logon of SYSTEM'));
    // Where the case file keeps it.
    expect(detail.row('Raw ')).toMatch(/Raw +evidence\/0014-logons.json {3}sha256 9f2c9f2c/);
    expect(detail.row('02:14:09Z  4624')).toContain(
      '▲ 02:14:09Z  4624  logon of svc-backup from 203.0.113.77 (type 10, remote desktop)',
    );
    expect(detail.row('logon of SYSTEM')).toContain('· 02:14:12Z');
    // They were asked for by themselves, and say so.
    expect(detail.has('the simulator, now, asked 02:19:59Z')).toBe(true);
    terminal.type('a');
    await terminal.until('203.0.113.77: what it did here and elsewhere');
    await terminal.until('asking the logs');
    world.tracing[0]?.end(
      known(
        {
          address: '203.0.113.77',
          machines: [
            {
              id: machine('web01').id,
              name: 'web01',
              failures: 1204,
              successes: 1,
              first: '2026-11-23T01:58:02Z',
              last: '2026-11-23T02:14:09Z',
              firstSuccess: '2026-11-23T02:14:09Z',
              accounts: [{ name: 'svc-backup', failures: 1204, successes: 1 }],
              distinctAccounts: 1,
            },
          ],
        },
        now,
        'last 24 h',
        ['VMs that send their logs nowhere that you can read'],
      ),
    );
    const followed = screenOf(await terminal.until('1,204 failed logons on 1 VM; logons on web01'));
    expect(followed.has('▲ web01')).toBe(true);
    expect(followed.has('the first 2026-11-23 02:14:09Z')).toBe(true);
    expect(followed.row('Not seen')).toContain('VMs that send their logs nowhere that you can read');
    terminal.type('y');
    await terminal.until('Copied 203.0.113.77');
    expect(world.copied).toEqual(['203.0.113.77']);
  });

  test('without a burst under the cursor it says why not', async () => {
    const { terminal, world } = await atTriage();
    await world.endTriage();
    await terminal.until('Exposed ports');
    terminal.type('a');
    await terminal.until('There is no burst with an address under the cursor.');
  });
});

describe('the time line', () => {
  test('puts everything in order with its sources; it can be searched, opened and copied', async () => {
    const { terminal, world } = await atTriage();
    await world.endTriage();
    await terminal.until('THEN LOGON');
    terminal.type('l');
    const screen = await terminal.until('› time line');
    const rows = screen.split('\n');
    const place = (text: string) => rows.findIndex((row) => row.includes(text));
    expect(place('security rule written: web-nsg/allow-rdp')).toBeGreaterThan(0);
    expect(place('security rule written')).toBeLessThan(place('1,204 failed logons'));
    expect(place('1,204 failed logons')).toBeLessThan(place('logon after the failures'));
    expect(place('logon after the failures')).toBeLessThan(place('command run inside the VM: web02'));
    expect(rows[place('inside the VM: web02')]).toContain('the identity of this VM  20.51.7.14');
    expect(rows[place('security rule written')]).toMatch(
      /^.17:41:12Z ● Azure .*m\.keller@contoso\.com {2}203\.0\.113\.140/,
    );
    // The days are between.
    expect(place('2026-11-22  yesterday')).toBeLessThan(place('security rule written'));
    expect(place('security rule written')).toBeLessThan(place('2026-11-23  today'));
    expect(place('2026-11-23  today')).toBeLessThan(place('1,204 failed logons'));
    terminal.type('/');
    await terminal.until('search >');
    terminal.type('keller');
    terminal.type('\r');
    const found = await terminal.until('1 contain keller');
    expect(found).not.toContain('1,204 failed logons');
    terminal.type('y');
    await terminal.until('Copied this entry.');
    expect(world.copied.at(-1)).toMatch(/^2026-11-22T17:41:12Z\tactivity\tsecurity rule written/);
    terminal.type('\r');
    const detail = await terminal.until('Microsoft.Network/networkSecurityGroups/securityRules/write');
    expect(detail).toContain('T1686.001');
    expect(detail).toContain('posture.activity.entries[0]');
    terminal.type('\u001b');
    await terminal.until('1 contain keller');
  });

  test('names what is awaited and what could not be seen, and keeps its place while answers come', async () => {
    const { terminal, world, session } = await atTriage();
    const { vm, exposure, logons, patches, installations, knownExploited, posture } = incident();
    const gone = unknown('no permission Microsoft.Insights/eventtypes/values/read', 'ask for Reader');
    const told = { vm, exposure, logons: null, patches, installations, knownExploited, findings: [] };
    const tell = (
      part: Pick<typeof told, 'logons'> | { logons: typeof logons },
      activity: typeof posture.activity | null,
    ) =>
      world.tellTriage({
        ...told,
        ...part,
        posture: { ...posture, activity },
        timeLine: timeLineOf({ ...posture, ...part, activity }),
      });
    tell({ logons: null }, gone);
    terminal.type('l');
    const first = screenOf(await terminal.until('not seen: changes in Azure: no permission'));
    expect(first.has('awaiting failed logons')).toBe(true);
    expect(first.has('security rule written')).toBe(false);
    const chosen = (screen: string) => screen.split('\n').find((row) => row.startsWith('❯')) ?? '';
    terminal.type('\u001b[H');
    const before = chosen(await terminal.until((screen) => chosen(screen).includes('backup')));
    tell({ logons }, posture.activity);
    await terminal.until('1,204 failed logons');
    expect(chosen((await terminal.lines()).join('\n'))).toBe(before);
    expect(session.state().layers.at(-1)?.kind).toBe('time-line');
  });
});

describe('triage', () => {
  test('panes say what is awaited, then what is not known with its cure, then what is known', async () => {
    const { terminal, world } = await atTriage();
    await terminal.until('… reading interfaces and rules');
    const { schema: _, asOf: __, ...all } = incident();
    const { exposure, logons, patches, posture, findings } = all;
    world.tellTriage({
      ...all,
      exposure,
      logons: unknown('this VM sends no security events to any workspace you can read.', 'o opens an exported .evtx'),
      patches: null,
      posture: { ...posture, backup: null },
      timeLine: incident().timeLine,
      findings: [],
    });
    const middle = screenOf(await terminal.until('? Not known: this VM sends no'));
    const unseen = middle.pane('Failed logons');
    expect(unseen.row('Not known')).toContain('this VM sends no');
    expect(unseen.row('To fix')).toContain('o opens an exported');
    expect(unseen.has('No failed logon')).toBe(false);
    expect(middle.pane('Patch gaps').row('…')).toBe('… asking for missing patches');
    expect(middle.has('? not known: failed logons')).toBe(true);
    await world.endTriage({ ...incident(), logons, patches, posture, findings });
    const screen = screenOf(await terminal.until('THEN LOGON 02:14:09Z'));
    expect(screen.row('COMPROMISED')).toBe(
      '▲ COMPROMISED  as svc-backup from 203.0.113.77, RDP, 02:14:09Z, after 1,204 failures',
    );
    expect(screen.row('STILL OPEN')).toMatch(/^▲ .*3389 .*to everybody/);
    expect(screen.row('Next')).toContain('p1 lock-nsg  create → swap');
    expect(screen.pane('Exposed ports').focused).toBe(true);
    expect(screen.pane('Exposed ports').row('3389/tcp')).toMatch(/^❯▲ .*RDP +whole Internet/);
    expect(screen.pane('Failed logons').row('1,204')).toMatch(/^▲ 01:58/);
    expect(screen.pane('Patch gaps').note).toBe('assessed 2d');
    expect(screen.row('case ')).toContain('case 2026-11-23-web01');
    expect(screen.has('Not known')).toBe(false);
  });

  test('ages tick', async () => {
    const { terminal, world, session } = await atTriage();
    await world.endTriage();
    const aged = (age: string) => terminal.until((screen) => screenOf(screen).pane('Exposed ports').note === age);
    await aged('12s');
    world.clock += 3_000;
    session.dispatch({ type: 'tick' });
    await aged('15s');
    world.clock += 20 * 60_000;
    session.dispatch({ type: 'tick' });
    await aged('◷ 20m');
  });

  test('what was closed since is no finding any more: it is not counted, and suggests nothing', async () => {
    const { terminal, world } = await atTriage();
    const document = incident();
    await world.endTriage(document);
    await terminal.until('f 3 findings');
    const closed = { at: '2026-11-23T02:25:47Z', by: 'cordon (lock-nsg)' };
    const findings = document.findings.map((one) => ({ ...one, evidence: [], playbook: '', closed }));
    terminal.type('r');
    await world.endTriage({ ...document, findings });
    const screen = screenOf(await terminal.until('f 0 findings'));
    expect(screen.has('Next: p')).toBe(false);
    terminal.type('f');
    await terminal.until('0 findings, and 3 that are closed');
  });

  test('80x24: the first screen tells who got in and what they did next, other VMs and data included', async () => {
    const { terminal, world } = await atTriage(80, 24);
    const document = incident();
    const { activity } = document.posture;
    if (activity?.state !== 'known') throw new Error('the incident has an activity log');
    const [, command] = activity.value.entries;
    if (!command) throw new Error('the intruder ran a command');
    const link = {
      ...command,
      at: '2026-11-23T02:18:02Z',
      operation: 'Microsoft.Compute/disks/beginGetAccess/action',
      kind: 'disk' as const,
      what: 'link to download the disk made',
      resource: '/subscriptions/s1/resourceGroups/rg-web/providers/Microsoft.Compute/disks/web01-data-1',
    };
    const entries = [...activity.value.entries, link];
    const told = { ...activity, value: { ...activity.value, entries } };
    await world.endTriage({ ...document, posture: { ...document.posture, activity: told } });
    const screen = screenOf(await terminal.until('SPREADING'));
    expect(screen.row('COMPROMISED')).toMatch(/svc-backup from 203\.0\.113\.77, RDP, 02:14:09Z/);
    expect(screen.row('SPREADING')).toMatch(/web02.*download link for web01-data-1/);
    expect(screen.row('STILL OPEN')).toMatch(/3389.* to everybody; allow-rdp by m\.keller/);
    for (const row of [1, 2, 3]) expect(screen.rows[row]?.trimEnd()).not.toMatch(/…$/);
  });

  test('/ inside a detail leaves the lines with every word, under their labels', async () => {
    const world = new World();
    world.explained = [
      { label: 'Path', text: 'the Internet, then the subnet' },
      { label: 'Rules that lost', text: 'deny-all 400' },
      { label: '', text: 'deny-some 410' },
    ];
    const { terminal } = await atTriage(80, 24, world);
    await world.endTriage();
    await terminal.until('3389/tcp');
    terminal.type('\r');
    await terminal.until('deny-some 410');
    terminal.type('/');
    terminal.type('lost some');
    const found = screenOf(await terminal.until('1 contain lost some'));
    expect(found.row('deny-some')).toMatch(/^Rules that lost +deny-some 410$/);
    expect(found.has('the subnet')).toBe(false);
    terminal.type('\r');
    terminal.type('\u001b');
    await terminal.until('the subnet');
  });

  test('c offers where to look and which case to continue; Ctrl+Z gives the terminal to the shell', async () => {
    const { terminal, world, session } = await atTriage();
    await world.endTriage();
    await terminal.until('THEN LOGON');
    terminal.type('c');
    const offered = screenOf(await terminal.until('fabrikam.com'));
    expect(offered.row('contoso-dev')).toMatch(/^subscription +contoso-dev +s2$/);
    expect(offered.row('2026-11-22-web01')).toMatch(/^case +2026-11-22-web01 +web01, 12 entries/);
    terminal.type('dev');
    await terminal.until((screen) => screen.includes('contoso-dev') && !screen.includes('fabrikam.com'));
    terminal.type('\r');
    await terminal.until('listing the VMs');
    expect(screenOf(await terminal.until('s2')).rows[0]).toContain('s2');
    terminal.type('\u001a');
    await settle();
    expect(world.suspended).toBe(1);
    expect(session.state().layers).toHaveLength(1);
  });

  test('a long page says which of its rows are on screen, to its end', async () => {
    const world = new World();
    world.explained = Array.from({ length: 40 }, (_, at) => ({ label: `Line ${at + 1}`, text: 'of many' }));
    const { terminal } = await atTriage(80, 24, world);
    await world.endTriage();
    await terminal.until('3389/tcp');
    terminal.type('\r');
    await terminal.until(/1–19 of \d+ rows/);
    terminal.type('\u001b[6~');
    await terminal.until(/20–38 of \d+ rows|21–39 of \d+ rows/);
    terminal.type('\u001b[F');
    const end = screenOf(await terminal.until(/–(\d+) of \1 rows/));
    expect(end.row('rows')).toContain('end');
    expect(end.has('Line 40')).toBe(true);
  });

  test.each([
    [200, 60],
    [120, 40],
    [100, 24],
    [99, 30],
    [80, 24],
    [79, 20],
    [60, 15],
  ])('every view fills %dx%d and nothing more', async (columns, rows) => {
    const world = new World();
    world.run = new ScriptedRun(lockView(typedPrompt));
    const { terminal } = begin(columns, rows, world);
    await world.endScan();
    await terminal.until('web01');
    await frame(terminal);
    for (const [keys, wanted] of [
      ['\r', 'COMPROMISED'],
      ['2', 'Failed'],
      ['z', '❯ 2'],
      ['\u001b[Z', '❯ 1'],
      ['\r', 'detail'],
      ['p', 'lock-nsg'],
      ['1', 'confirm'],
    ] as const) {
      terminal.type(keys);
      if (keys === '\r') await settle();
      await world.endTriage();
      await terminal.until(wanted);
      const lines = await frame(terminal);
      expect(lines).toHaveLength(rows);
      expect(lines.at(-1)?.trim(), 'the footer stands in the last row').not.toBe('');
    }
  });

  test('hostile text leaves the frame whole', async () => {
    const evil = [
      '\u001b]0;owned\u0007\u001b[2J\u001b[31mred',
      `${'x'.repeat(300)}`,
      'a\u202egnp.exe',
      '漢字漢字漢字漢字漢字漢字漢字漢字',
      'z\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301algo',
      '💥👨‍👩‍👧‍👦🇩🇪 boom',
      'line\nbreak\ttab\r',
    ];
    const world = new World();
    const vm = machine('web01', { osName: evil.join(' '), resourceGroup: evil[3] ?? '' });
    const row = { ...(suspects()[0] ?? suspect('web01', 1)), vm, because: evil };
    const document = incident(vm);
    const { terminal } = begin(120, 40, world);
    await world.endScan([
      row,
      ...evil.map((name, at) => suspect(`${name}`, at, { vm: machine(name, { resourceGroup: name }) })),
    ]);
    await terminal.until('web01');
    terminal.type('\r');
    await settle();
    await world.endTriage({
      ...document,
      exposure: known(
        {
          ports: evil.map((name, at) =>
            port(at + 1, name, { decidedBy: [{ nsg: name, rule: name, priority: 1, level: 'nic' }] }),
          ),
          disagreements: [],
          secondOpinion: evil.map((name) => ({ networkInterface: name, result: name })),
        },
        undefined,
        'now',
        evil,
      ),
      logons: known({
        failures: 9,
        bursts: evil.map((name) =>
          burst({ sources: [{ address: name, failures: 1 }], accounts: [{ name, failures: 1, exists: null }] }),
        ),
        lastEventAt: null,
        successesCollected: null,
        thresholds: { failures: 1, windowSeconds: 1 },
      }),
      findings: [
        {
          id: 'x',
          severity: 'critical',
          title: evil.join(' '),
          evidence: [],
          attack: [],
          practice: 1,
          playbook: '',
          unknown: [],
        },
      ],
    });
    await terminal.until('4 Posture');
    const lines = await frame(terminal);
    const borders = lines.filter((line) => line.startsWith('│') && line.trimEnd().endsWith('│'));
    const cells = terminal.screen.buffer.active;
    for (const [at, line] of lines.entries()) {
      if (!line.startsWith('│')) continue;
      expect(cells.getLine(at)?.getCell(119)?.getChars(), line).toBe('│');
    }
    expect(borders.length).toBeGreaterThan(20);
    // What goes to the terminal besides text: colours, cursor, erasing, modes. No title, no clipboard, no other string command.
    const written = terminal.written.join('');
    expect(written).not.toContain('\u001b]');
    expect(written).not.toContain('\u202e');
    expect(written.replace(/\u001b\[[0-9;?]*[A-HJKSTfhlmnsu]/g, '')).not.toMatch(/\u001b/);
  });
});

describe('playbooks', () => {
  async function atPrompt(prompt = typedPrompt) {
    const world = new World();
    world.run = new ScriptedRun(lockView(prompt));
    const all = await atTriage(120, 36, world);
    await world.endTriage();
    await all.terminal.until('Next: p');
    all.terminal.type('p');
    await all.terminal.until('Enter start');
    all.terminal.type('1');
    const screen = await all.terminal.until(prompt.question.slice(0, 20));
    return { ...all, screen, lock: promptOf(all).asks(prompt.question) };
  }

  test('the step shows why, what changes, who may, how it is undone; the prompt asks for the name', async () => {
    const { screen, terminal, world, lock } = await atPrompt();
    const plan = screenOf(screen);
    expect(plan.row('Why ')).toMatch(/Why {12}The attacker is inside over RDP\. /);
    expect(screen).toMatch(/- web-nsg[\s\S]*\+ cordon-2026-11-23-web01/);
    expect(plan.row('Others touched')).toMatch(/Others touched none$/);
    expect(plan.row('You may')).toMatch(/You may {8}✓ 1 of 2 permissions$/);
    expect(plan.row('join/action')).toContain('? Microsoft.Network/networkSecurityGroups/join/action');
    expect(plan.has('web01-nic: not known')).toBe(true);
    // The decisive lines come before the changes.
    const place = (text: string) => screen.indexOf(text);
    expect(place('Others touched')).toBeLessThan(place('You may'));
    expect(place('You may')).toBeLessThan(place('Undo '));
    expect(place('Undo ')).toBeLessThan(place('Change '));
    expect(plan.row('puts web-nsg back')).toMatch(/puts web-nsg back; drift is checked first$/);
    terminal.type('web01\r');
    await terminal.until('✗ Read it first');
    expect(world.run.answers).toEqual([]);
    const prompt = await lock.tells('Sessions that are already open may survive.');
    expect(prompt.screen).toContain('type web01 and Enter to apply · Esc no (skip, later or stop)');
    await prompt.answer('web02\r');
    await terminal.until('✗ That is not web01: nothing was done.');
    expect(world.run.answers).toEqual(['web02']);
    await prompt.answer('web01\r');
    await terminal.until((shown) => !shown.includes('type web01'));
    expect(world.run.answers).toEqual(['web02', 'web01']);
  });

  test('what a small screen cuts off can be scrolled to while the prompt stands, and what was typed stays', async () => {
    const prompt = {
      ...typedPrompt,
      consequences: Array.from({ length: 12 }, (_, at) => `consequence ${at + 1} of it.`),
    };
    const world = new World();
    world.run = new ScriptedRun(lockView(prompt));
    const { terminal } = await atTriage(80, 20, world);
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('p');
    await terminal.until('Enter start');
    terminal.type('1');
    const screen = await terminal.until('… more: Down shows all of it above');
    expect(screen).not.toContain('consequence 12');
    world.pass(1_000);
    await terminal.until('type web01');
    terminal.type('web');
    await terminal.until('> web_');
    terminal.type('\u001b[F');
    const end = await terminal.until('consequence 12 of it.');
    expect(end).toContain('> web_');
    terminal.type('01\r');
    await settle();
    expect(world.run.answers).toEqual(['web01']);
  });

  test('Enter alone is No, and No asks what next instead of ending with the door open', async () => {
    for (const prompt of [typedPrompt, keyPrompt]) {
      const { terminal, world, lock } = await atPrompt(prompt);
      const read = await lock.tells('Sessions that are already open');
      await read.answer('\r');
      await terminal.until('Not done:');
      expect(world.run.calls).toEqual(['start']);
      world.pass(1_000);
      const next = await terminal.until(/s skip this step[\s\S]*l later \(w comes back\)/);
      expect(next).toContain('x stop here');
      terminal.type('l');
      await terminal.until('Exposed ports');
      terminal.type('f');
      await terminal.until('findings');
      terminal.type('w');
      await read.answer('');
      expect(world.run.answers).toEqual([]);
      await terminal.until(prompt.question);
      world.pass(1_100);
      terminal.type('\r');
      await terminal.until('Not done:');
      world.pass(1_000);
      terminal.type('x');
      await terminal.until('Left at step 3: nothing was changed.');
      expect(world.run.calls).toEqual(['start', 'cancel']);
    }
  });

  test('keys that came with the one that opened the prompt do not answer it', async () => {
    const world = new World();
    world.run = new ScriptedRun(lockView(keyPrompt));
    const { terminal } = await atTriage(120, 36, world);
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('p1y');
    // The y was meant for nothing that was there: the prompt opens without the keys.
    await terminal.until('Enter answer this');
    expect(world.run.answers).toEqual([]);
    // The prompt leaves the screen and comes back within one read: the y after it was typed for what was not seen.
    terminal.type('?');
    await terminal.until('What you can do here');
    terminal.type('\u001b[A\u001b');
    await terminal.until('Create the NSG?');
    terminal.type('?');
    await terminal.until('What you can do here');
    expect(world.run.answers).toEqual([]);
    terminal.type('\u001b');
    const prompt = await promptOf({ terminal, world }).asks('Create the NSG?').tells('Sessions that are already open');
    await prompt.answer('\r');
    await terminal.until('y apply · Enter/Esc no (skip, later or stop)');
    await prompt.answer('y');
    await settle();
    expect(world.run.answers).toEqual(['y']);
  });

  test('a y that is held while a prompt opens, and long after, never answers it', async () => {
    const { terminal, world } = await atPrompt(keyPrompt);
    for (let at = 0; at < 200; at += 1) {
      terminal.type('y');
      world.pass(50);
      if (at === 100) world.run.become({ prompt: { ...keyPrompt, question: 'Start a backup?' } });
    }
    await terminal.until('Start a backup?');
    expect(world.run.answers).toEqual([]);
    // Nor does one press of y that was meant for the page before.
    world.pass(5_000);
    terminal.type('y');
    await terminal.until('Enter answer this');
    expect(world.run.answers).toEqual([]);
  });

  test('undo asks, and the key that asked does not answer', async () => {
    const { terminal, world } = await atPrompt();
    world.run.finish({ outcome: 'done', summary: 'Locked.' });
    await terminal.until('u undoes what was done');
    terminal.type('uy');
    await terminal.until('Undo the step that was done on web01?');
    expect(world.run.calls).not.toContain('undo');
    const undo = promptOf({ terminal, world }).asks('Undo the step that was done on web01?');
    const prompt = await undo.tells('create NSG cordon-2026-11-23-web01: deletes it');
    expect(prompt.screen).toContain('y undo · Enter/Esc no, keep the lock');
    await prompt.answer('y');
    await terminal.until('Undone: web-nsg is back.');
    expect(world.run.calls).toContain('undo');
    await world.endTriage();
    terminal.type('\u001b');
    const screen = screenOf(await terminal.until('lock-nsg was undone (w)'));
    expect(screen.row('OPEN AGAIN')).toMatch(/^▲ OPEN AGAIN 3389 4389 443: lock-nsg was undone \(w\)/);
    expect(screen.has('ended at step')).toBe(false);
  });

  test('at the end of a playbook what is left to do can be reached on a small screen', async () => {
    const all = await atPrompt();
    const { terminal, world } = all;
    await world.endTriage();
    world.run.finish({ outcome: 'done', summary: 'Locked.' });
    terminal.resize(60, 15);
    await terminal.until('… more below: Down');
    await terminal.until('create NSG cordon-2026-11-23-web01');
    terminal.type('\u001b[F');
    // The present state stays on the screen.
    await terminal.until(
      (shown) => !shown.includes('more below') && screenOf(shown).rows[1]?.includes('Locked') === true,
    );
    terminal.type('\u001b[H');
    await terminal.until('… more below: Down');
  });

  test('pasted text is typed into a prompt but never accepts it, and runs no keys', async () => {
    const { terminal, world, lock } = await atPrompt();
    const prompt = await lock.tells('Sessions that are already open');
    await prompt.answer('\u001b[200~web01\r\u001b[201~');
    await terminal.until('> web01 _');
    expect(world.run.answers).toEqual([]);
    world.run.finish({ outcome: 'cancelled', summary: 'Left at step 3.' });
    await terminal.until('Left at step 3');
    terminal.type('\u001b[200~q\u001b[201~');
    await terminal.until('Pasted text is taken only where text can be typed.');
    expect(world.quits).toBe(0);
  });

  test('a resize while the prompt stands keeps it and what was typed', async () => {
    const { terminal, world, lock } = await atPrompt();
    await (await lock.tells('Sessions that are already open')).answer('web');
    await terminal.until('> web_');
    terminal.resize(80, 24);
    // On a screen of another size it must be visible for as long again.
    await terminal.until((screen) => screen.includes('> web_') && screen.includes('the keys count in'));
    world.pass(1_000);
    await terminal.until((screen) => screen.includes('> web_') && screen.includes('type web01 and Enter'));
    await frame(terminal);
    terminal.resize(50, 10);
    await terminal.until('cordon needs 60x15, this is 50x10.');
    terminal.resize(120, 36);
    await terminal.until((screen) => screen.includes('> web_') && screen.includes('the keys count in'));
    terminal.type('\r');
    await settle();
    expect(world.run.answers).toEqual([]);
    world.pass(1_000);
    await terminal.until('type web01 and Enter');
    terminal.type('01\r');
    await settle();
    expect(world.run.answers).toEqual(['web01']);
  });

  test('what runs shows in the strip while the keys are free, and k keeps what would be undone', async () => {
    const { terminal, world, lock } = await atPrompt();
    await (await lock.tells('Sessions that are already open')).answer('web01\r');
    await settle();
    world.run.become({
      steps: lockView().steps.map((one, at) =>
        at === 2
          ? {
              ...one,
              state: 'applying' as const,
              startedAt: '2026-11-23T02:19:29Z',
              progress: { fraction: 0.71, text: 'snapshot' },
            }
          : one,
      ),
    });
    terminal.type('\u001b');
    await terminal.until('███████░░░ 71 %  snapshot  0:42');
    await terminal.until('p playbooks');
    world.run.finish({
      outcome: 'done',
      summary: 'locked. Before: 3 ports open. Now: none.',
      autoUndoAt: '2026-11-23T02:34:43Z',
    });
    await terminal.until('lock-nsg undone in 14:32');
    terminal.type('w');
    await terminal.until('Undone by itself in 14:32');
    // Its case is lost: what was promised does not happen.
    world.run.become({ autoUndoAt: null, undoLostAt: '2026-11-23T02:34:43Z' });
    await terminal.until(/NOT undone by itself at 02:34:43Z: its case cannot be written/);
    world.run.become({ autoUndoAt: '2026-11-23T02:34:43Z', undoLostAt: null });
    await terminal.until('Undone by itself in 14:32');
    terminal.type('k');
    await terminal.until((screen) => !screen.includes('Undone by itself'));
    expect(world.run.calls).toContain('keep');
  });
});

describe('case file', () => {
  test('the transcript grows under the eyes; notes, search and export', async () => {
    const { terminal, world } = await atTriage();
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('t');
    await terminal.until('fact     exposure of web01: 3 ports open to the Internet');
    terminal.type('n');
    await terminal.until('note for the case file > _');
    terminal.type('customer confirms\r');
    await terminal.until('note     "customer confirms"');
    terminal.type('/customer\r');
    await terminal.until((screen) => screen.includes('1 contain customer') && !screen.includes('exposure of web01'));
    terminal.type('e');
    await terminal.until('✓ Exported to /cases/2026-11-23-web01/notes.md');
  });

  test('an entry of the transcript is opened, the next one follows; d leaves what was decided and done', async () => {
    const { terminal, world } = await atTriage();
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('t');
    await terminal.until('conclusion');
    terminal.type('\u001b[H');
    terminal.type('\r');
    const opened = screenOf(await terminal.until('transcript › entry'));
    expect(opened.row('By')).toMatch(/^By +anna@contoso\.com$/);
    expect(opened.row('Hash')).toContain('7c1e1');
    terminal.type('\t');
    const next = screenOf(await terminal.until('7c1e2'));
    expect(next.row('sha256')).toContain('9f2c'.repeat(16));
    terminal.type('\u001b');
    await terminal.until('conclusion');
    terminal.type('d');
    const decided = await terminal.until(
      (shown) => / 1 of \d+: decided and done/.test(shown) && !shown.includes('conclusion'),
    );
    expect(screenOf(decided).selected()).toContain('open');
    terminal.type('d');
    await terminal.until('conclusion');
  });

  test('A has an authority stamp the case, P plans a comment on an incident; both say what was refused', async () => {
    const world = new World();
    world.run = new ScriptedRun(lockView(keyPrompt));
    const { terminal } = await atTriage(120, 36, world);
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('t');
    await terminal.until('conclusion');
    terminal.type('A');
    await terminal.until('time-stamping authority (https://…) > _');
    terminal.type('tsa.example\r');
    await terminal.until('✗ The case was not stamped: tsa.example is no https address');
    terminal.type('A');
    await terminal.until('> _');
    terminal.type('https://tsa.example\r');
    await terminal.until('✓ Stamped: line 9 was there at 02:20:11Z.');
    terminal.type('P');
    await terminal.until('incident of Microsoft Sentinel (number, GUID or id) > _');
    terminal.type('4711\r');
    // The message gives way to the plan.
    await terminal.until((shown) => shown.includes(keyPrompt.question) && !shown.includes('Looking for the incident'));
    expect(world.logs).toEqual(['web01 in 2026-11-23-web01 to 4711']);
    expect(world.run.answers).toEqual([]);
  });

  test('without a case file nothing can be changed', async () => {
    const world = new World();
    world.failCase = 'no space left on the device.';
    const { terminal } = begin(120, 32, world);
    await world.endScan();
    await terminal.until('web01');
    terminal.type('\r');
    await terminal.until('✗ no case file');
    await world.endTriage();
    terminal.type('p');
    await terminal.until('Enter start');
    terminal.type('1');
    await terminal.until('No case file, so nothing can be changed in Azure: no space left on the device.');
    expect(world.started).toEqual([]);
  });
});

describe('leaving', () => {
  test('Ctrl-C restores the terminal, closes the case and names what still runs', async () => {
    const world = new World();
    const { terminal, ended, last } = await atTriage(120, 32, world);
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('p');
    await terminal.until('Enter start');
    terminal.type('1');
    await settle();
    world.run.become({
      steps: lockView().steps.map((one, at) => (at === 2 ? { ...one, state: 'applying' as const } : one)),
    });
    terminal.type('\u0003');
    await ended;
    await terminal.lines();
    expect(terminal.raw).toBe(false);
    expect(terminal.screen.buffer.active.type).toBe('normal');
    expect(world.cases.every((one) => one.closed)).toBe(true);
    expect(last.join('')).toBe('Still running in Azure: lock-nsg web01: swap the NSG at the NIC\n');
    expect(world.quits).toBe(1);
  });

  test('q asks first when something still runs', async () => {
    const world = new World();
    const { terminal } = await atTriage(120, 32, world);
    await world.endTriage();
    terminal.type('p');
    await terminal.until('Enter start');
    terminal.type('1');
    await settle();
    world.run.become({
      steps: lockView().steps.map((one, at) => (at === 2 ? { ...one, state: 'applying' as const } : one)),
    });
    // Back to the triage, to the list, and then it asks.
    for (const wanted of ['Exposed ports', 'Failed logons 24 h', 'Leave cordon while work goes on?']) {
      terminal.type('q');
      await terminal.until(wanted);
    }
    terminal.type('y');
    await terminal.until('Leave cordon while work goes on?');
    await settle();
    expect(world.quits).toBe(0);
    terminal.type('\u001b');
    await terminal.until((screen) => !screen.includes('Leave cordon'));
  });

  test('a defect while drawing gives the terminal back and names the transcript', async () => {
    const world = new World();
    const { terminal, ended, last } = await atTriage(120, 32, world);
    await world.endTriage();
    await terminal.until('Next: p');
    world.ports.reader.explain = () => {
      throw new Error('a defect');
    };
    terminal.type('\r');
    await expect(ended).rejects.toThrow('a defect');
    await terminal.lines();
    expect(terminal.raw).toBe(false);
    expect(terminal.screen.buffer.active.type).toBe('normal');
    expect(last.join('')).toContain('cordon could not go on: a defect');
    expect(last.join('')).toContain('/cases/2026-11-23-web01/transcript.jsonl');
  });
});
