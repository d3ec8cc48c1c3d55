import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runDetections } from '../../src/detect/run-detections.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { text, writeLog } from '../eventlog/log-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
let written = 0;

/** A step of an attack: when, what (a failed logon, a successful one, a new user), whose, and from where. */
interface Step {
  second: number;
  what: 'failed' | 'ok' | 'new';
  user: string;
  from: string;
}

const eventIds = { failed: 4625, ok: 4624, new: 4720 };
const iso = (second: number): string => new Date(Date.UTC(2026, 10, 23, 2, 0, second)).toISOString();

function logOf(steps: readonly Step[]): string {
  written += 1;
  const inOrder = steps.toSorted((a, b) => a.second - b.second);
  const events = inOrder.map(({ second, what, user, from }, i) => ({
    recordId: i + 1,
    time: iso(second),
    eventId: eventIds[what],
    channel: 'Security',
    computer: 'dc01',
    data: [
      ['TargetUserName', text(user)],
      ['IpAddress', text(from)],
    ] as const,
  }));
  return folder.write(`${written}.evtx`, writeLog(events));
}

const base = (Object.keys(eventIds) as Step['what'][])
  .map(
    (what) =>
      `title: ${what}\nname: ${what}\nlogsource: {product: windows, service: security}\ndetection: {s: {EventID: ${eventIds[what]}}, condition: s}`,
  )
  .join('\n---\n');

const correlation = (id: string, body: string): string =>
  `title: ${id}\nid: ${id}\nlevel: high\ntags: [attack.t1110.003]\ncorrelation:\n${body.replace(/^/gm, '  ')}`;

const detect = (source: string, log: string) => {
  written += 1;
  const rules = [folder.write(`${written}.yml`, source)];
  return runDetections({ rules, files: [evidenceFile(log)], now: Date.now(), hits: 10_000 }, () => {});
};

/** The seconds at which a correlation came true, with its groups. */
async function cameTrue(body: string, log: string): Promise<string[]> {
  const { detections, notRun } = await detect(`${base}\n---\n${correlation('c', body)}`, log);
  expect(notRun).toEqual([]);
  const hits = detections.find(({ id }) => id === 'c')?.hits ?? [];
  return hits
    .map(
      ({ Time, TargetUserName = '' }) =>
        `${(Date.parse(String(Time)) - Date.UTC(2026, 10, 23, 2)) / 1000} ${TargetUserName}`,
    )
    .sort();
}

/** The same, by looking at every second: how many different keys are within the span before it, and a second earlier. */
function bySeconds(
  steps: readonly Step[],
  span: number,
  least: number,
  key: (step: Step, i: number) => string,
): string[] {
  const found: string[] = [];
  for (const user of new Set(steps.map((step) => step.user))) {
    const own = steps.filter((step) => step.user === user);
    const within = (second: number) =>
      new Set(own.flatMap((step, i) => (step.second <= second && step.second >= second - span ? [key(step, i)] : [])))
        .size;
    for (let second = 0; second <= 400; second++) {
      // Between two seconds those are gone that were just within the span of the earlier one.
      const before = new Set(
        own.flatMap((step, i) => (step.second < second && step.second > second - 1 - span ? [key(step, i)] : [])),
      ).size;
      if (within(second) >= least && before < least && own.some((step) => step.second === second))
        found.push(`${second} ${user}`);
    }
  }
  return found.sort();
}

/** Beginnings of the chain failed, ok, new within the span: each the latest one before its end, with its first end. */
function chains(steps: readonly Step[], span: number): string[] {
  const found = new Map<string, number>();
  const order = { failed: 0, ok: 1, new: 2 };
  const sorted = steps.toSorted((a, b) => a.second - b.second || order[a.what] - order[b.what]);
  for (const last of sorted.filter(({ what }) => what === 'new')) {
    let begun = Number.NEGATIVE_INFINITY;
    for (const first of sorted) {
      if (first.what !== 'failed' || first.user !== last.user) continue;
      const isBetween = (step: Step) =>
        step.what === 'ok' && step.user === last.user && step.second >= first.second && step.second <= last.second;
      if (sorted.some(isBetween)) begun = Math.max(begun, first.second);
    }
    if (last.second - begun > span) continue;
    const key = `${begun} ${last.user}`;
    found.set(key, Math.min(found.get(key) ?? Number.POSITIVE_INFINITY, last.second));
  }
  return [...found].map(([key, second]) => `${second} ${key.split(' ')[1]}`).sort();
}

/** The events of each window of each user: the first event begins one, the first after its end the next. */
function windows(steps: readonly Step[], span: number): Step[][] {
  const found: Step[][] = [];
  for (const user of new Set(steps.map((step) => step.user))) {
    let open: Step[] = [];
    for (const step of steps.filter((one) => one.user === user).toSorted((a, b) => a.second - b.second)) {
      const [first] = open;
      if (first && step.second - first.second <= span) open.push(step);
      else {
        open = [step];
        found.push(open);
      }
    }
  }
  return found;
}

/** The seconds at which the sum over the span before reaches a number. */
function sumReached(steps: readonly Step[], span: number, least: number): string[] {
  const found: string[] = [];
  for (const user of new Set(steps.map((step) => step.user))) {
    const sum = (from: number, to: number): number =>
      steps.reduce(
        (n, one) => n + (one.user === user && one.second >= from && one.second <= to ? Number(one.from) : 0),
        0,
      );
    for (let second = 0; second <= 400; second++) {
      const isReached = sum(second - span, second) >= least && sum(second - span, second - 1) < least;
      if (isReached) found.push(`${second} ${user}`);
    }
  }
  return found.sort();
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  second: fc.integer({ min: 0, max: 90 }),
  what: fc.constantFrom('failed', 'ok', 'new'),
  user: fc.constantFrom('ann', 'bob'),
  from: fc.constantFrom('1', '2', '3'),
});

const failures = (user: string, seconds: readonly number[], from = '10.0.0.1'): Step[] =>
  seconds.map((second) => ({ second, what: 'failed', user, from }));

describe('correlations', () => {
  it('count events in windows that begin at any time', async () => {
    const log = logOf([...failures('ann', [0, 29, 58, 60, 61, 62]), ...failures('bob', [0, 61, 122])]);
    expect(
      await cameTrue(
        'type: event_count\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 1m\ncondition: {gte: 4}',
        log,
      ),
    ).toEqual(['60 ann', '61 ann']);
    expect(
      await cameTrue('type: event_count\nrules: [failed]\ngroup-by: [Computer]\ntimespan: 1m\ncondition: {gt: 7}', log),
    ).toEqual([]);
  });

  it('count values, and take a value that comes again for the same', async () => {
    const log = logOf([
      ...failures('ann', [0, 10], '10.0.0.1'),
      ...failures('ann', [5], '10.0.0.2'),
      ...failures('bob', [0, 1, 2, 3]),
    ]);
    const body =
      'type: value_count\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 30s\ncondition: {field: IpAddress, gte: 2}';
    expect(await cameTrue(body, log)).toEqual(['5 ann']);
  });

  it('find rules within a time, in any order or in theirs', async () => {
    const log = logOf([
      { second: 50, what: 'failed', user: 'ann', from: '1' },
      { second: 20, what: 'ok', user: 'ann', from: '1' },
      { second: 10, what: 'failed', user: 'bob', from: '1' },
      { second: 40, what: 'ok', user: 'bob', from: '1' },
    ]);
    const body = (type: string) => `type: ${type}\nrules: [failed, ok]\ngroup-by: [TargetUserName]\ntimespan: 30s`;
    expect(await cameTrue(body('temporal'), log)).toEqual(['40 bob', '50 ann']);
    expect(await cameTrue(body('temporal_ordered'), log)).toEqual(['40 bob']);
  });

  it('use aliases, and what other correlations found', async () => {
    const log = logOf([
      ...failures('ann', [1, 2, 3]),
      { second: 9, what: 'ok', user: 'x', from: 'ann' },
      { second: 8, what: 'ok', user: 'ann', from: 'y' },
    ]);
    const source = [
      base,
      'title: many\nname: many\ncorrelation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 1m, condition: {gte: 3}}',
      correlation('chained', 'type: temporal_ordered\nrules: [many, ok]\ngroup-by: [TargetUserName]\ntimespan: 1m'),
      correlation(
        'aliased',
        'type: temporal_ordered\nrules: [many, ok]\ngroup-by: [who]\ntimespan: 1m\naliases: {who: {many: TargetUserName, ok: IpAddress}}',
      ),
    ].join('\n---\n');
    const { detections, notRun, rules } = await detect(source, log);
    expect(notRun).toEqual([]);
    expect(detections.map(({ id, count, first, techniques }) => [id, count, first, techniques])).toEqual([
      ['aliased', 1, '2026-11-23T02:00:09Z', ['T1110.003']],
      ['chained', 1, '2026-11-23T02:00:08Z', ['T1110.003']],
    ]);
    expect(rules).toMatchObject({ serving: 3, refused: 0 });
  });

  it('are equal to a count by hand over steps at random', async () => {
    let found = 0;
    for (const steps of fc.sample(fc.array(anyStep, { minLength: 20, maxLength: 60 }), { numRuns: 6, seed: 3 })) {
      const log = logOf(steps);
      const failed = steps.filter(({ what }) => what === 'failed');
      const by = 'group-by: [TargetUserName]\ntimespan: 12s';
      const events = await cameTrue(`type: event_count\nrules: [failed]\n${by}\ncondition: {gte: 3}`, log);
      expect(events).toEqual(bySeconds(failed, 12, 3, (_, i) => String(i)));
      const values = await cameTrue(
        `type: value_count\nrules: [failed]\n${by}\ncondition: {field: IpAddress, gte: 2}`,
        log,
      );
      expect(values).toEqual(bySeconds(failed, 12, 2, ({ from }) => from));
      const temporal = await cameTrue(`type: temporal\nrules: [failed, ok, new]\n${by}`, log);
      expect(temporal).toEqual(bySeconds(steps, 12, 3, ({ what }) => what));
      const ordered = await cameTrue(`type: temporal_ordered\nrules: [failed, ok, new]\n${by}`, log);
      expect(ordered).toEqual(chains(steps, 12));
      found += events.length + values.length + temporal.length + ordered.length;
    }
    expect(found).toBeGreaterThan(20);
  });

  it('with an upper end are counted in windows that begin with the first event of a group', async () => {
    let found = 0;
    for (const steps of fc.sample(fc.array(anyStep, { minLength: 20, maxLength: 60 }), { numRuns: 3, seed: 5 })) {
      const log = logOf(steps);
      const failed = steps.filter(({ what }) => what === 'failed');
      const by = 'group-by: [TargetUserName]\ntimespan: 12s';
      for (const [type, measure] of [
        ['event_count', (own: Step[]) => own.length],
        ['value_count', (own: Step[]) => new Set(own.map(({ from }) => from)).size],
        ['value_sum', (own: Step[]) => own.reduce((sum, { from }) => sum + Number(from), 0)],
        ['value_avg', (own: Step[]) => own.reduce((sum, { from }) => sum + Number(from), 0) / own.length],
      ] as const) {
        for (const [condition, holds] of [
          ['lt: 3', (n: number) => n < 3],
          ['lte: 2', (n: number) => n <= 2],
          ['eq: 2', (n: number) => n === 2],
          ['neq: 2', (n: number) => n !== 2],
          ['gt: 1, lte: 3', (n: number) => n > 1 && n <= 3],
        ] as const) {
          const field = type === 'event_count' ? '' : 'field: IpAddress, ';
          const told = await cameTrue(`type: ${type}\nrules: [failed]\n${by}\ncondition: {${field}${condition}}`, log);
          const expected = windows(failed, 12)
            .filter((own) => holds(measure(own)))
            .map((own) => `${own.at(-1)?.second} ${own[0]?.user}`);
          expect([type, condition, told]).toEqual([type, condition, expected.sort()]);
          found += told.length;
        }
      }
      const kinds = await cameTrue(`type: temporal\nrules: [failed, ok, new]\n${by}\ncondition: {eq: 2}`, log);
      expect(kinds).toEqual(
        windows(steps, 12)
          .filter((own) => new Set(own.map(({ what }) => what)).size === 2)
          .map((own) => `${own.at(-1)?.second} ${own[0]?.user}`)
          .sort(),
      );
      // A sum that is reached is known at the event that reaches it, in windows that begin at any time.
      const sums = await cameTrue(
        `type: value_sum\nrules: [failed]\n${by}\ncondition: {field: IpAddress, gte: 6}`,
        log,
      );
      expect(sums).toEqual(sumReached(failed, 12, 6));
      found += kinds.length + sums.length;
    }
    expect(found).toBeGreaterThan(100);
  });

  it('sum fractions without the rests of binary ones', async () => {
    const sums = (condition: string, steps: [second: number, value: string][]) =>
      cameTrue(
        `type: value_sum\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 10s\ncondition: {field: IpAddress, ${condition}}`,
        logOf(steps.flatMap(([second, value]) => failures('ann', [second], value))),
      );
    // By hand: 0.1 is open from 1 to 11, 0.2 from 2 to 12.
    expect(
      await sums('gt: 0', [
        [1, '0.1'],
        [2, '0.2'],
        [100, '0.1'],
      ]),
    ).toEqual(['1 ann', '100 ann']);
    const falling: [number, string][] = [
      [1, '0.7'],
      [2, '0.1'],
      [50, '0.1'],
      [51, '0.2'],
      [100, '0.3'],
    ];
    expect(await sums('gte: 0.3', falling)).toEqual(['1 ann', '100 ann', '51 ann']);
    // Within one stretch: at 12 there are 0.1 and 0.2.
    expect(
      await sums('gte: 0.3', [
        [1, '0.1'],
        [3, '0.1'],
        [12, '0.2'],
      ]),
    ).toEqual(['12 ann']);
    expect(
      await sums('gt: 0.3', [
        [1, '0.1'],
        [3, '0.1'],
        [12, '0.2'],
      ]),
    ).toEqual([]);
    // A large number that comes and goes takes none of a small one's digits; negative ones count.
    expect(
      await sums('gte: 0.3', [
        [1, '4000000000000'],
        [3, '0.1'],
        [12, '0.2'],
      ]),
    ).toEqual(['1 ann', '12 ann']);
    expect(
      await sums('gte: 0.3', [
        [1, '-4000000000000.5'],
        [3, '0.1'],
        [12, '0.2'],
        [40, 'inf'],
        [60, '1e300'],
      ]),
    ).toEqual(['12 ann', '40 ann', '60 ann']);
    expect(
      await sums('lte: 0.3, gt: 0.2', [
        [1, '0.1'],
        [3, '0.2'],
      ]),
    ).toEqual(['3 ann']);
    expect(
      await sums('eq: -0.1', [
        [1, '-0.3'],
        [3, '0.2'],
        [30, 'x'],
        [31, '-0.1'],
      ]),
    ).toEqual(['3 ann', '31 ann']);
    expect(
      await sums('gt: -0.3, lt: 0', [
        [1, '-0.1'],
        [3, '-0.2'],
        [30, '-0.2'],
      ]),
    ).toEqual(['30 ann']);
  });

  it('by a field that no event has are not asked', async () => {
    const log = logOf([0, 1, 2].map((second) => ({ second, what: 'failed', user: 'ann', from: '10.0.0.1' })));
    const count = 'type: event_count\nrules: [failed]\ntimespan: 1m\ncondition: {gte: 2}\ngroup-by: ';
    const values = 'type: value_count\nrules: [failed]\ntimespan: 1m\ncondition: {field: User, gte: 1}';
    const source = [base, correlation('by', `${count}[User]`), correlation('values', values)].join('\n---\n');
    const { detections, notRun } = await detect(source, log);
    expect(detections.filter(({ id }) => id !== '')).toEqual([]);
    expect(notRun.map(({ id, kind, because }) => [id, kind, because])).toEqual(
      ['by', 'values'].map((id) => [id, 'no-events', 'the rule failed: SecurityEvent: no event has the field User']),
    );
  });

  it('group by several fields together', async () => {
    const log = logOf([
      ...failures('ann', [1, 2, 3], 'x'),
      ...failures('ann', [4], 'y'),
      ...failures('bob', [5, 6], 'x'),
    ]);
    const body = 'type: event_count\nrules: [failed]\ngroup-by: [TargetUserName, IpAddress]\ntimespan: 1m\ncondition: ';
    const { detections } = await detect(
      [base, correlation('reached', `${body}{gte: 3}`), correlation('once', `${body}{eq: 1}`)].join('\n---\n'),
      log,
    );
    expect(detections.map(({ id, hits }) => [id, hits.map((hit) => [hit.TargetUserName, hit.IpAddress])])).toEqual([
      ['once', [['ann', 'y']]],
      ['reached', [['ann', 'x']]],
    ]);
  });

  it('that nothing or everything can fulfil, or that name what is not there, are refused', async () => {
    const log = logOf(failures('ann', [1]));
    const by = 'group-by: [TargetUserName]\ntimespan: 1m';
    const source = [
      base,
      correlation('none', `type: event_count\nrules: [failed]\n${by}\ncondition: {lt: 1}`),
      correlation('between', `type: event_count\nrules: [failed]\n${by}\ncondition: {gt: 3, lt: 4}`),
      correlation('any', `type: event_count\nrules: [failed]\n${by}\ncondition: {gte: 0}`),
      correlation('half', `type: event_count\nrules: [failed]\n${by}\ncondition: {eq: 1.5}`),
      correlation('operator', `type: event_count\nrules: [failed]\n${by}\ncondition: {constructor: 3}`),
      correlation('percentile', `type: value_percentile\nrules: [failed]\n${by}\ncondition: {field: X, lte: 3}`),
      correlation('median', `type: value_median\nrules: [failed]\n${by}\ncondition: {field: X, lte: 3}`),
      correlation('missing', `type: event_count\nrules: [nobody]\n${by}\ncondition: {gte: 3}`),
      correlation('month', 'type: event_count\nrules: [failed]\ngroup-by: [A]\ntimespan: 1M\ncondition: {gte: 3}'),
      correlation('words', `type: temporal\nrules: [failed, ok]\n${by}\ncondition: failed and ok`),
    ].join('\n---\n');
    const { notRun } = await detect(source, log);
    expect(Object.fromEntries(notRun.map(({ id, because, kind }) => [id, `${kind}: ${because}`]))).toEqual({
      none: 'refused: no count of events can be as the condition says',
      between: 'refused: no count of events can be as the condition says',
      any: 'refused: the condition asks for no event',
      half: 'refused: the condition has no whole number',
      operator: 'refused: the condition has "constructor", which is none of gt, gte, lt, lte, eq, neq',
      percentile: expect.stringMatching(/^refused: what value_percentile compares is read in two ways/),
      median: 'refused: correlations of the type "value_median" are not supported',
      missing: 'refused: the rule nobody is not among the rules, or cannot be run',
      month: 'refused: the timespan is not a number with s, m, h or d, of a year at most',
      words: 'refused: a condition of words is not supported for this type',
    });
  });
});
