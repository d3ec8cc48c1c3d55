import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logons as logonsSchema } from '../../../src/documents/triage.ts';
import { defaultThresholds } from '../../../src/triage/logons/bursts.ts';
import { FailureColumns, type LogonEvent } from '../../../src/triage/logons/events.ts';
import { failureCode } from '../../../src/triage/logons/failure-codes.ts';
import {
  assembleLogons,
  burstsByPieces,
  type FoundBurst,
  findBursts,
  worstFirst,
} from '../../../src/triage/logons/logons.ts';
import { ticksPerSecond } from '../../../src/triage/logons/ticks.ts';
import { at, bucketsOf, evidence, failure, failures, success } from './logon-events.ts';

const codeOf = (event: LogonEvent): string => failureCode(event.status, event.subStatus);

function logonsOf(events: readonly LogonEvent[], given: Parameters<typeof evidence>[1] = {}) {
  const { logons } = assembleLogons(evidence(events, given));
  logonsSchema.parse(logons);
  return logons;
}

function reduced(events: readonly LogonEvent[]) {
  const columns = new FailureColumns();
  for (const bucket of bucketsOf(events, codeOf)) columns.addBucket(bucket, defaultThresholds.failures);
  return logonsOf([], { failures: columns });
}

describe('bursts that are found in pieces', () => {
  // More rows than are looked at before a pause, and bursts of each kind of key that go on over one.
  const long = failures(20_000, '00:00:00', 0.5, { account: 'root' });
  const events = [
    ...long,
    ...failures(400, '00:10:40', 5.9, { address: '2001:db8::1' }).map((event, i) => ({
      ...event,
      account: `user${i % 40}`,
      address: `2001:db8::${(i % 30) + 1}`,
    })),
    ...failures(300, '01:00:00', 1, { computer: 'app03', address: '-', process: 'iis' }),
    ...failures(300, '02:00:00', 1, { computer: 'app04' }).map((event, i) => ({
      ...event,
      address: `203.0.113.${i % 90}`,
    })),
    ...failures(900, '03:00:00', 0.3, { computer: 'app05' }).map((event, i) => ({
      ...event,
      account: `staff${i}`,
      address: `198.51.100.${i % 250}`,
    })),
  ];

  it('are those that are found at once, also where other work of the kind is done in the pauses', () => {
    const all = evidence(events);
    const atOnce = findBursts(all);
    expect(new Set(atOnce.map(({ burst }) => burst.kind)).size).toBeGreaterThan(2);
    expect(atOnce).toContainEqual(
      expect.objectContaining({ computer: 'web01', burst: expect.objectContaining({ failures: 20_000 }) }),
    );
    const works = [burstsByPieces(all), burstsByPieces(evidence(events.slice(0, 20_200))), burstsByPieces(all)];
    const found: (FoundBurst | null)[][] = works.map(() => []);
    for (let going = true; going; ) {
      going = false;
      for (const [index, work] of works.entries()) {
        const { done, value } = work.next();
        if (done === true) continue;
        going = true;
        found[index]?.push(value);
      }
    }
    expect(worstFirst(found[0] ?? [])).toEqual(atOnce);
    expect(worstFirst(found[2] ?? [])).toEqual(atOnce);
  });

  it('pause within a long scan of rows, and after each burst', () => {
    const one = [...burstsByPieces(evidence(long))];
    const few = [...burstsByPieces(evidence(long.slice(0, 100)))];
    expect(one.length).toBeGreaterThan(few.length);
    expect(one.filter((found) => found !== null)).toHaveLength(1);
  });
});

describe('a burst', () => {
  it('tells a guess with its code, account, source, type and peak', () => {
    const { bursts, failures: total } = logonsOf(failures(1204, '01:58:02', 0.8));
    expect(total).toBe(1204);
    expect(bursts).toHaveLength(1);
    expect(bursts[0]).toMatchObject({
      kind: 'guess',
      start: '2026-11-23T01:58:02Z',
      end: '2026-11-23T02:14:04.4Z',
      failures: 1204,
      peakPerMinute: 75,
      sources: [{ address: '203.0.113.77', failures: 1204 }],
      accounts: [{ name: 'svc-backup', failures: 1204, exists: true }],
      codes: [{ code: '0xc000006a', meaning: 'wrong password', failures: 1204 }],
      logonTypes: [3],
      success: { state: 'known', value: null },
      next: [],
    });
    const histogram = bursts[0]?.histogram ?? [];
    expect(histogram.length).toBeGreaterThanOrEqual(24);
    expect(histogram.length).toBeLessThanOrEqual(32);
    expect(histogram.reduce((sum, slice) => sum + slice, 0)).toBe(1204);
  });

  it('tells a spray: many accounts from one source with few failures each', () => {
    const events = failures(310, '00:10:40', 5.9).map((event, i) => ({ ...event, account: `user${i % 40}` }));
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'spray', failures: 310, distinctAccounts: 40 }]);
  });

  it('never says both that an account exists and that it does not: a name in two domains is two accounts', () => {
    const tried = (subStatus: string, domain: string, account = 'x') => ({ subStatus, domain, account });
    const [absent, wrong, undecided] = ['0xc0000064', '0xc000006a', '0x0'];
    const existing = (...given: Partial<LogonEvent>[]) => {
      const events = failures(12 * given.length, '01:00:00', 1).map((event, i) => ({
        ...event,
        ...given[i % given.length],
      }));
      const [burst] = logonsOf(events).bursts;
      expect(burst?.accounts.reduce((sum, { failures: count }) => sum + count, 0)).toBe(events.length);
      expect(burst?.distinctAccounts).toBe(burst?.accounts.length);
      return Object.fromEntries(burst?.accounts.map(({ name, exists }) => [name, exists]) ?? []);
    };
    expect(existing(tried(absent, 'DOM1'), tried(wrong, 'DOM2'), tried(wrong, '-'))).toEqual({
      'dom1\\x': false,
      'dom2\\x': true,
      x: true,
    });
    expect(existing(tried(absent, 'DOM1'), tried(wrong, 'dom2.example.org'), tried(undecided, 'DOM2'))).toEqual({
      'dom1\\x': false,
      'dom2\\x': true,
    });
    // The domain may be part of the name.
    expect(existing(tried(absent, '', 'DOM1\\x'), tried(wrong, '', 'X@dom2.example.org'))).toEqual({
      'dom1\\x': false,
      'dom2\\x': true,
    });
    // The computer itself is one domain, whatever it is called.
    expect(existing(tried(wrong, 'WEB01'), tried(absent, '.'), tried(absent, 'web01.example.org'))).toEqual({
      x: true,
    });
    // One account that was made or removed in between, and one of which all domains say the same.
    expect(existing(tried(absent, 'DOM1'), tried(wrong, 'DOM1'))).toEqual({ x: true });
    expect(existing(tried(absent, 'DOM1'), tried(absent, 'DOM2'), tried(absent, '-'))).toEqual({ x: false });
    expect(existing(tried(absent, 'DOM1'), tried(undecided, 'DOM2'))).toEqual({ x: false });
  });

  it('tells a guess although many other names were tried once', () => {
    const events = failures(300, '00:10:40', 1).map((event, i) => ({
      ...event,
      account: i % 15 === 0 ? `user${i}` : 'administrator',
    }));
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'guess', distinctAccounts: 21 }]);
  });

  it('tells a guess where three accounts took half, however few failures each had', () => {
    const names = [...Array(15).keys()].map((i) => `many${i % 3}`).concat([...Array(9).keys()].map((i) => `few${i}`));
    const events = failures(24, '01:00:00', 1).map((event, i) => ({ ...event, account: names[i] ?? '' }));
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'guess', failures: 24, distinctAccounts: 12 }]);
  });

  it('tells a distributed guess: one account from many sources, none of which is a burst alone', () => {
    const events = failures(200, '03:00:00', 2).map((event, i) => ({ ...event, address: `198.51.100.${i % 50}` }));
    expect(logonsOf(events).bursts).toMatchObject([
      { kind: 'distributed', failures: 200, distinctSources: 50, accounts: [{ name: 'svc-backup' }] },
    ]);
  });

  it('does not call one source distributed because strangers knock at the same time', () => {
    const strangers = Array.from({ length: 12 }, (_, i) =>
      failure({ at: at('03:00:00') + i * 10 * ticksPerSecond, address: `198.51.100.${i}` }),
    );
    const events = [...failures(300, '03:00:00', 1), ...strangers];
    expect(logonsOf(events).bursts.map(({ kind }) => kind)).toEqual(['guess']);
  });

  it('counts every failure once in the total, in bursts or not', () => {
    const events = [...failures(20, '03:00:00', 1), failure({ at: at('09:00:00'), address: '192.0.2.1' })];
    expect(logonsOf(events).failures).toBe(21);
  });

  it('puts a burst that was followed by a logon before a larger one', () => {
    const events = [
      ...failures(500, '01:00:00', 1, { address: '198.51.100.9', account: 'guest' }),
      ...failures(30, '02:00:00', 1),
    ];
    const rows = [success({ at: at('02:10:00') })];
    const { bursts } = logonsOf(events, {
      successes: { collected: true, complete: true, because: '', cure: '', rows },
    });
    expect(bursts.map((burst) => burst.failures)).toEqual([30, 500]);
  });
});

describe('bursts that no single source makes', () => {
  const entered = (given: Partial<Parameters<typeof success>[0]> = {}) => ({
    successes: {
      collected: true,
      complete: true,
      because: '',
      cure: '',
      rows: [success({ at: at('02:00:00'), ...given })],
    },
  });

  it.each([2, 3, 9])('%i sources of nine failures each on one account, and then a logon', (sources) => {
    const events = failures(9 * sources, '01:00:00', 2).map((event, i) => ({
      ...event,
      address: `198.51.100.${i % sources}`,
    }));
    const { bursts } = logonsOf(events, entered({ address: '198.51.100.1' }));
    expect(bursts).toMatchObject([
      { kind: 'guess', failures: 9 * sources, distinctSources: sources, success: { value: { by: 'both' } } },
    ]);
  });

  it('half of the failures without an address', () => {
    const events = failures(12, '01:00:00', 1).map((event, i) => ({ ...event, address: i % 2 ? '-' : '203.0.113.7' }));
    expect(logonsOf(events).bursts).toMatchObject([
      { kind: 'guess', failures: 12, accounts: [{ name: 'svc-backup' }] },
    ]);
  });

  it('forty addresses of one IPv6 subscriber are one source', () => {
    const from = (i: number) => `2001:db8:1:2:${i.toString(16)}::${i}`;
    const spray = failures(40, '01:00:00', 1).map((event, i) => ({ ...event, address: from(i), account: `u${i}` }));
    expect(logonsOf(spray).bursts).toMatchObject([{ kind: 'spray', failures: 40, distinctSources: 40 }]);
    const guess = failures(40, '01:00:00', 1).map((event, i) => ({ ...event, address: from(i) }));
    expect(logonsOf(guess).bursts).toMatchObject([{ kind: 'guess', failures: 40, distinctSources: 40 }]);
    const strangers = failures(40, '01:00:00', 1).map((event, i) => ({
      ...event,
      address: `2001:db8:${i + 1}::1`,
      account: `u${i}`,
    }));
    expect(logonsOf(strangers).bursts).toMatchObject([{ kind: 'distributed-spray', failures: 40 }]);
  });

  it('one program on the computer itself, where no address is known', () => {
    const program = { address: '-', processName: 'C:\\Temp\\guess.exe' };
    const events = failures(16, '01:00:00', 0.001, program).map((event, i) => ({ ...event, account: `u${i % 2}` }));
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'unattributed', failures: 16, distinctAccounts: 2 }]);
    const two = events.map((event, i) => ({ ...event, processName: i % 2 ? 'a.exe' : 'b.exe' }));
    expect(logonsOf(two).bursts).toEqual([]);
  });

  it('are not told beside the burst of a source that has half of them', () => {
    const events = [...failures(20, '01:00:00', 1), ...failures(9, '01:00:00', 1, { address: '198.51.100.3' })];
    expect(logonsOf(events).bursts).toMatchObject([{ failures: 20, sources: [{ address: '203.0.113.77' }] }]);
  });
});

describe('a logon after five failures of its account', () => {
  const rows = (given: Partial<Parameters<typeof success>[0]> = {}) => ({
    successes: {
      collected: true,
      complete: true,
      because: '',
      cure: '',
      rows: [success({ at: at('02:00:00'), address: '10.0.0.9', ...given })],
    },
  });
  const slow = (count: number, apart: number, start = '01:00:00') =>
    failures(count, start, apart).map((event, i) => ({ ...event, address: `198.51.100.${i}` }));

  it('is told where no burst tells it', () => {
    expect(logonsOf(slow(5, 600), rows()).afterFailures).toMatchObject([
      {
        account: 'svc-backup',
        failures: 5,
        distinctSources: 5,
        success: { at: '2026-11-23T02:00:00Z', address: '10.0.0.9' },
      },
    ]);
    expect(logonsOf(slow(4, 600), rows()).afterFailures).toBeUndefined();
    expect(logonsOf(slow(5, 600), rows({ method: 'publickey' })).afterFailures).toBeUndefined();
    expect(logonsOf(slow(5, 600), rows({ account: 'other' })).afterFailures).toBeUndefined();
    expect(logonsOf(slow(5, 600, '00:00:00'), rows()).afterFailures).toBeUndefined();
    expect(logonsOf(failures(30, '01:30:00', 1), rows()).afterFailures).toBeUndefined();
  });

  it('counts failures since the last logon alone', () => {
    const between = { ...rows().successes, rows: [success({ at: at('01:25:00') }), success({ at: at('02:00:00') })] };
    expect(logonsOf(slow(6, 600), { successes: between }).afterFailures).toBeUndefined();
  });
});

describe('a right credential that was refused', () => {
  it('is told with how much guessing there was before, and is no wrong password', () => {
    const expired = failure({ at: at('01:30:00'), subStatus: '0xc0000071', status: '0xc000006e' });
    const { rightButRefused, bursts } = logonsOf([...failures(11, '01:29:00', 1), expired]);
    expect(rightButRefused).toMatchObject([
      { account: 'svc-backup', address: '203.0.113.77', code: '0xc0000071', failures: 1, guesses: 11 },
    ]);
    expect(bursts[0]?.codes.map(({ meaning }) => meaning)).toEqual([
      'wrong password',
      'password expired (it was right)',
    ]);
    expect(logonsOf(failures(11, '01:29:00', 1)).rightButRefused).toBeUndefined();
  });
});

describe('traps of real logs', () => {
  it('groups by no workstation name: a real attack made up 3,561 of them for 3,561 failures', () => {
    const events = failures(3561, '01:00:00', 1).map((event, i) => ({ ...event, workstation: `WS${i}` }));
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'guess', failures: 3561 }]);
  });

  it('keeps failures without an address, by the user: OpenSSH on Windows writes `-` and type 8', () => {
    const events = failures(12, '01:00:00', 1, { address: '-', logonType: 8 });
    expect(logonsOf(events).bursts).toMatchObject([
      { kind: 'unattributed', failures: 12, sources: [{ address: '-', failures: 12 }], logonTypes: [8] },
    ]);
  });

  it('does not pool users of failures without an address: two that fail a little are no burst', () => {
    const events = failures(12, '01:00:00', 1, { address: '-' }).map((event, i) => ({
      ...event,
      account: `u${i % 2}`,
    }));
    expect(logonsOf(events).bursts).toEqual([]);
  });

  it('finds a spray without an address, in which no single user is a burst', () => {
    const events = failures(60, '01:00:00', 1, { address: '-' }).map((event, i) => ({
      ...event,
      account: `u${i % 30}`,
    }));
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'unattributed', failures: 60, distinctAccounts: 30 }]);
  });

  it('does not report a second time as a spray what single users without an address explain', () => {
    const strays = Array.from({ length: 11 }, (_, i) =>
      failure({ at: at('01:00:00') + i * ticksPerSecond, address: '-', account: `u${i}` }),
    );
    const events = [...failures(40, '01:00:00', 1, { address: '-' }), ...strays];
    expect(logonsOf(events).bursts).toMatchObject([{ kind: 'unattributed', failures: 40, distinctAccounts: 1 }]);
  });

  it('takes RDP with NLA as what it is, type 3 and port 0, beside type 10', () => {
    const events = failures(20, '01:00:00', 1).map((event, i) => ({ ...event, logonType: i % 2 ? 3 : 10 }));
    expect(logonsOf(events).bursts).toMatchObject([{ failures: 20, logonTypes: [3, 10] }]);
  });

  it('reads the reason of a lockout from Status', () => {
    const events = failures(15, '01:00:00', 1, { status: '0xC0000234', subStatus: '0x0' });
    expect(logonsOf(events).bursts[0]?.codes).toEqual([
      { code: '0xc0000234', meaning: 'account locked out', failures: 15 },
    ]);
  });

  it('knows `.\\admin`, `WEB01\\admin` and `admin ` as one account', () => {
    const names = ['.\\admin', 'WEB01\\Admin', 'admin  ', 'admin@contoso.com'];
    const events = failures(20, '01:00:00', 1, { address: '-' }).map((event, i) => ({
      ...event,
      account: names[i % 4] ?? '',
    }));
    expect(logonsOf(events).bursts).toMatchObject([{ accounts: [{ name: 'admin', failures: 20 }] }]);
  });

  it('knows an IPv4 address inside an IPv6 one', () => {
    const events = failures(12, '01:00:00', 1).map((event, i) => ({
      ...event,
      address: i % 2 ? '203.0.113.77' : '::ffff:203.0.113.77',
    }));
    expect(logonsOf(events).bursts).toHaveLength(1);
  });

  it('joins no failures of two computers', () => {
    const events = failures(18, '01:00:00', 1).map((event, i) => ({ ...event, computer: i % 2 ? 'web01' : 'web02' }));
    expect(logonsOf(events).bursts).toEqual([]);
  });

  it('does not say that an account is missing when another failure shows that it is there', () => {
    const events = failures(12, '01:00:00', 1, { subStatus: '0xc0000064' });
    expect(logonsOf(events).bursts[0]?.accounts[0]?.exists).toBe(false);
    const contradicted = [...events, failure({ at: at('08:00:00'), address: '10.0.0.9' })];
    expect(logonsOf(contradicted).bursts[0]?.accounts[0]?.exists).toBe(true);
  });

  it('draws no control sequence that an attacker put into a name', () => {
    const events = failures(12, '01:00:00', 1, { account: '\u001b]0;owned\u0007ad\u202emin' });
    expect(logonsOf(events).bursts[0]?.accounts[0]?.name).toBe('ad<U+202E>min');
  });

  it('bounds what a flood of names makes of the document', () => {
    const events = failures(5000, '01:00:00', 0.1).map((event, i) => ({
      ...event,
      account: `u${i}`,
      subStatus: `x${i}`,
    }));
    const burst = logonsOf(events).bursts[0];
    expect(burst?.accounts).toHaveLength(200);
    expect(burst?.distinctAccounts).toBe(5000);
    expect(burst?.codes.length).toBeLessThanOrEqual(32);
  });
});

describe('the order of events', () => {
  const attack = fc.array(
    fc.record({
      seconds: fc.integer({ min: 0, max: 900 }),
      address: fc.constantFrom('198.51.100.1', '198.51.100.2', '-'),
      account: fc.constantFrom('admin', 'root', 'anna', '-'),
    }),
    { maxLength: 120, size: 'max' },
  );

  it('does not matter: the same events in any order give the same bursts', () => {
    fc.assert(
      fc.property(attack, fc.infiniteStream(fc.nat()), (given, random) => {
        const events = given.map(({ seconds, ...rest }, i) => failure({ ...rest, at: at(seconds), recordId: i + 1 }));
        const shuffled = events
          .map((event) => ({ event, by: random.next().value ?? 0 }))
          .sort((a, b) => a.by - b.by)
          .map(({ event }) => event);
        const plain = logonsOf([...events].sort((a, b) => a.at - b.at || a.recordId - b.recordId));
        const strip = ({ bursts, ...rest }: typeof plain) => ({
          ...rest,
          bursts: bursts.map(({ accounts, sources, codes, ...burst }) => ({
            ...burst,
            accounts: [...accounts].sort((a, b) => (a.name < b.name ? -1 : 1)),
            sources: [...sources].sort((a, b) => (a.address < b.address ? -1 : 1)),
            codes,
          })),
        });
        expect(strip(logonsOf(shuffled))).toEqual(strip(plain));
      }),
      { numRuns: 300 },
    );
  });

  it('is kept below the millisecond', () => {
    const burst = Array.from({ length: 10 }, (_, i) => failure({ at: at('01:00:00') + i, recordId: i + 1 }));
    expect(logonsOf(burst).bursts[0]).toMatchObject({
      start: '2026-11-23T01:00:00Z',
      end: '2026-11-23T01:00:00.0000009Z',
    });
  });
});

describe('counts per minute from Log Analytics', () => {
  it('give the same bursts as the events themselves, for an attack of any speed that is dense', () => {
    const events = [
      ...failures(1204, '01:58:02', 0.8),
      ...failures(310, '00:10:40', 5.9, { address: '198.51.100.9' }).map((event, i) => ({
        ...event,
        account: `user${i % 40}`,
      })),
      ...failures(8, '05:00:00', 1, { address: '192.0.2.3' }),
    ];
    const exact = logonsOf(events);
    const counted = reduced(events);
    expect(counted.bursts.map(({ histogram: _, peakPerMinute: __, ...burst }) => burst)).toEqual(
      exact.bursts.map(({ histogram: _, peakPerMinute: __, ...burst }) => burst),
    );
    expect(counted.failures).toBe(exact.failures);
  });

  it('are exact where no bucket holds more than two failures', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1200 }), { maxLength: 60, size: 'max' }), (seconds) => {
        const perAccount = new Map<string, number>();
        const events = seconds.map((s) => {
          const minute = Math.floor(s / 60);
          const used = perAccount.get(`${minute}`) ?? 0;
          perAccount.set(`${minute}`, used + 1);
          return failure({ at: at(s), account: `u${Math.floor(used / 2)}` });
        });
        const spans = ({ bursts }: ReturnType<typeof logonsOf>) => bursts.map((b) => [b.start, b.end, b.failures]);
        expect(spans(reduced(events))).toEqual(spans(logonsOf(events)));
      }),
      { numRuns: 500 },
    );
  });

  it('lose no failure of a minute with a hundred thousand, and keep few rows of it', () => {
    const columns = new FailureColumns();
    columns.addBucket(
      {
        first: at('01:00:00'),
        last: at('01:00:59'),
        failures: 100_000,
        computer: 'web01',
        address: '203.0.113.77',
        account: 'admin',
        logonType: 3,
        code: '0xc000006a',
      },
      10,
    );
    expect(columns.length).toBe(21);
    expect(logonsOf([], { failures: columns }).bursts).toMatchObject([
      { failures: 100_000, start: '2026-11-23T01:00:00Z', end: '2026-11-23T01:00:59Z' },
    ]);
  });
});
