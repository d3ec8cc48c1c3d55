import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLogons } from '../../../src/azure/readers/logons.ts';
import type { VirtualMachine } from '../../../src/documents/triage.ts';
import { isoOf, type Ticks, ticksOf, ticksPerSecond } from '../../../src/triage/logons/ticks.ts';
import { connectTo, fleetLogonsOf, machine, securityEvent, type Workspace } from '../log-workspace.ts';

type Row = Record<string, unknown>;
const now = '2026-11-23T02:20:11.000Z';
const start: Ticks = ticksOf('2026-11-22T06:00:00Z') ?? 0;
const after = (seconds: number): string => isoOf(start + Math.round(seconds * ticksPerSecond));

const windows = (name: string) => machine({ name, computerName: name });
const ubuntu = (name: string) => machine({ name, computerName: name, os: 'linux', osName: 'Ubuntu 22.04' });

const event = (vm: VirtualMachine, seconds: number, EventID: number, given: Row = {}): Row =>
  securityEvent(vm, after(seconds), EventID, given);

/** `count` failures from `from` on, `apart` seconds from one to the next. */
const failures = (vm: VirtualMachine, from: number, count: number, apart: number, given: Row = {}): Row[] =>
  Array.from({ length: count }, (_, i) => event(vm, from + i * apart, 4625, given));

function line(vm: VirtualMachine, seconds: number, SyslogMessage: string, ProcessID: number): Row {
  return {
    TimeGenerated: after(seconds),
    Computer: vm.computerName,
    _ResourceId: vm.id.toLowerCase(),
    Facility: 'auth',
    SeverityLevel: 'info',
    ProcessName: 'sshd',
    ProcessID,
    SyslogMessage,
  };
}

/** Each VM's agent reports, and its last event came a moment ago. */
const arriving = (vms: VirtualMachine[]): Row[] =>
  vms.map((vm) => event(vm, 73_100, 4624, { TargetUserName: 'SYSTEM', LogonType: 5, IpAddress: '-' }));
const beats = (vms: VirtualMachine[]): Row[] =>
  vms.map((vm) => ({ TimeGenerated: after(73_200), Computer: vm.computerName, _ResourceId: vm.id }));

async function fleetOf(vms: VirtualMachine[], tables: Workspace['tables'], given: Partial<Workspace> = {}) {
  const workspace = { now, tables: { Heartbeat: beats(vms), ...tables }, ...given };
  const fleet = await fleetLogonsOf(connectTo(workspace), vms);
  if (fleet.state === 'unknown') throw new Error(fleet.because);
  return { of: (vm: VirtualMachine) => fleet.value.get(vm.id.toLowerCase()), notSeen: fleet.notSeen };
}

/** Refuses the queries whose text holds `part`. */
const refusing = (part: string) => (query: string) =>
  query.includes(part)
    ? { status: 429, body: { error: { code: 'TooManyRequests', message: 'Rate limit is exceeded' } } }
    : undefined;

describe('a VM of the fleet whose failures may not all have come', () => {
  const attacked = windows('web01');
  const quiet = windows('app03');
  const few = windows('app04');
  const tables = {
    SecurityEvent: [
      ...arriving([attacked, quiet, few]),
      ...failures(attacked, 0, 30, 5),
      event(attacked, 200, 4624),
      ...failures(quiet, 0, 12, 900),
      ...failures(few, 0, 3, 1),
    ],
  };

  it('is not known where the query for failures was refused, unless it has fewer than a burst needs', async () => {
    const { of, notSeen } = await fleetOf([attacked, quiet, few], tables, { refuse: refusing('make_list') });
    // A query of its own has the logon after failures.
    expect(of(attacked)).toMatchObject({ state: 'known', value: { failures: 30, succeeded: true } });
    expect(of(quiet)).toMatchObject({ state: 'unknown', because: expect.stringContaining('429') });
    expect(of(few)).toMatchObject({ state: 'known', value: null });
    expect(notSeen.join()).toContain('failed logons (Windows)');
  });

  it('is not known where one query finds the table and another does not', async () => {
    const message = "Failed to resolve table or column expression named 'SecurityEvent'";
    const refuse = (query: string) =>
      query.includes('make_list') ? { status: 400, body: { error: { code: 'BadArgumentError', message } } } : undefined;
    const { of } = await fleetOf([attacked, quiet, few], tables, { refuse });
    expect(of(attacked)).toMatchObject({ state: 'known', value: { failures: 30, succeeded: true } });
    expect(of(quiet)).toMatchObject({ state: 'unknown', because: expect.stringContaining('no table') });
    expect(of(few)).toMatchObject({ state: 'known', value: null });
  });

  it('is not known where it cannot be asked whether events arrive, but a burst that was seen stays', async () => {
    const { of } = await fleetOf([attacked, quiet], tables, { refuse: refusing('LastEvent = max') });
    expect(of(attacked)).toMatchObject({ state: 'known', value: { failures: 30, succeeded: true } });
    expect(of(quiet)).toMatchObject({ state: 'unknown', because: expect.stringContaining('429') });
  });

  it('has no “no success” where successes could not be asked', async () => {
    const { of } = await fleetOf([attacked, quiet], tables, { refuse: refusing('4624 and LogonType') });
    expect(of(attacked)).toMatchObject({ state: 'known', value: { failures: 30, succeeded: null } });
    expect(of(quiet)).toMatchObject({ state: 'known', value: null });
  });

  it('is not known where Log Analytics gave a part of its answer; what the part holds is told', async () => {
    const partialError = { code: 'PartialError', message: 'There were some errors when processing your query.' };
    const { of } = await fleetOf([attacked, quiet, few], tables, { partialError });
    expect(of(attacked)).toMatchObject({ state: 'known', value: { failures: 30, succeeded: true } });
    expect(of(quiet)).toMatchObject({ state: 'unknown', because: expect.stringContaining('part of the answer') });
    expect(of(few)).toMatchObject({ state: 'unknown' });
  });

  it('is not known where the question about arrivals gave no row and the agent’s could not be asked', async () => {
    const silent = windows('legacy7');
    const { of } = await fleetOf([attacked, silent], tables, { refuse: refusing('LastHeartbeat = max') });
    expect(of(silent)).toMatchObject({ state: 'unknown', because: expect.stringContaining('429') });
  });

  it('is not known on Linux either, unless its lines are too few', async () => {
    const attackedLinux = ubuntu('lin-build');
    const calm = ubuntu('lin-calm');
    const lines = Array.from({ length: 30 }, (_, i) =>
      line(attackedLinux, i * 5, `Failed password for root from 203.0.113.9 port ${i + 1} ssh2`, i + 1),
    );
    const calmLine = line(calm, 72_000, 'Accepted publickey for ops from 10.0.0.4 port 5 ssh2: RSA SHA256:x', 9);
    const syslog = { Syslog: [...lines, calmLine] };
    const { of } = await fleetOf([attackedLinux, calm], syslog, { refuse: refusing('isnotempty(Entered)') });
    expect(of(attackedLinux)).toMatchObject({ state: 'unknown', because: expect.stringContaining('429') });
    expect(of(calm)).toMatchObject({ state: 'known', value: null });
    const whole = await fleetOf([attackedLinux, calm], syslog);
    expect(whole.of(attackedLinux)).toMatchObject({ state: 'known', value: { failures: 30, succeeded: false } });
  });

  it('is not known in a subscription that refuses, while another’s is', async () => {
    const elsewhere = machine({ name: 'web09', subscriptionId: 'bbbbbbbb-0000-4000-8000-000000000009' });
    const asked: { path: string; query: string }[] = [];
    const workspace: Workspace = {
      now,
      tables: { Heartbeat: beats([quiet]), ...tables },
      asked,
      refuse: () =>
        asked.at(-1)?.path.includes('bbbbbbbb')
          ? { status: 403, body: { error: { code: 'InsufficientAccessError', message: 'no' } } }
          : undefined,
    };
    const fleet = await fleetLogonsOf(connectTo(workspace), [quiet, elsewhere]);
    if (fleet.state === 'unknown') throw new Error(fleet.because);
    expect(fleet.value.get(quiet.id.toLowerCase())).toMatchObject({ state: 'known', value: null });
    expect(fleet.value.get(elsewhere.id.toLowerCase())).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('no permission'),
    });
  });
});

describe('loud VMs', () => {
  it('do not push out the one that was compromised: each stretch of failures is one row', async () => {
    const loud = Array.from({ length: 6 }, (_, i) => windows(`loud${i}`));
    const broken = windows('vm36');
    const all = [...loud, broken];
    const { of } = await fleetOf(all, {
      SecurityEvent: [
        ...arriving(all),
        ...loud.flatMap((vm) => failures(vm, 0, 12 * 200, 5)),
        ...failures(broken, 40_000, 11, 20, { IpAddress: '198.51.100.9' }),
        event(broken, 40_300, 4624, { IpAddress: '198.51.100.9' }),
      ],
    });
    for (const vm of loud) expect(of(vm)).toMatchObject({ value: { failures: 2400, succeeded: false } });
    expect(of(broken)).toMatchObject({ value: { failures: 11, succeeded: true } });
  });
});

/** A few sources and accounts that fail at some pace for a while, with pauses, and perhaps a success. */
const attack = fc.record({
  address: fc.constantFrom('203.0.113.1', '203.0.113.2', '-', '2001:db8::1'),
  account: fc.constantFrom('administrator', 'CONTOSO\\bob', 'bob', 'alice'),
  from: fc.integer({ min: 0, max: 20_000 }),
  count: fc.integer({ min: 1, max: 60 }),
  apart: fc.constantFrom(0.3, 4, 29, 33, 34, 61, 299),
  success: fc.constantFrom(-1, 1, 400),
});

describe('the fleet and the triage', () => {
  it('agree on whether a VM had a burst, how many failures are its worst’s, and whether a success followed', async () => {
    const vm = windows('web01');
    await fc.assert(
      fc.asyncProperty(fc.array(attack, { minLength: 1, maxLength: 5 }), async (attacks) => {
        const events = attacks.flatMap(({ address, account, from, count, apart, success }) => [
          ...failures(vm, from, count, apart, { IpAddress: address, TargetUserName: account }),
          ...(success < 0
            ? []
            : [event(vm, from + count * apart + success, 4624, { IpAddress: address, TargetUserName: account })]),
        ]);
        const tables = { Heartbeat: beats([vm]), SecurityEvent: [...arriving([vm]), ...events] };
        const one = await readLogons(connectTo({ now, tables }), vm);
        const { of } = await fleetOf([vm], tables);
        const fleet = of(vm);
        if (one.state === 'unknown' || fleet?.state !== 'known') throw new Error('not known');
        const [worst] = one.value.bursts;
        const led = (one.value.afterFailures ?? []).length > 0;
        expect(fleet.value === null).toBe(worst === undefined && !led);
        if (!fleet.value) return;
        const succeeded = worst?.success.state === 'known' && worst.success.value !== null;
        // A logon that no burst holds takes the place of a burst without one.
        if (!worst || (led && !succeeded)) {
          expect(fleet.value.succeeded).toBe(true);
          return;
        }
        expect({ kind: fleet.value.kind, succeeded: fleet.value.succeeded }).toEqual({ kind: worst.kind, succeeded });
        // Times inside a minute are spread evenly: at the edges a few failures may be counted in or out.
        expect(Math.abs(fleet.value.failures - worst.failures)).toBeLessThanOrEqual(10);
      }),
      { numRuns: 60 },
    );
  });
});
