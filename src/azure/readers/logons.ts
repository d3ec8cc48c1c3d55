import { textAt } from '../../arm/json.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact, Unknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Logons, VirtualMachine } from '../../documents/triage.ts';
import { count, counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { defaultThresholds, type Thresholds } from '../../triage/logons/bursts.ts';
import { FailureColumns } from '../../triage/logons/events.ts';
import { addSshAttempts, KnownFailures } from '../../triage/logons/known-failures.ts';
import { assembleLogons, type SuccessEvidence } from '../../triage/logons/logons.ts';
import { sshLogons } from '../../triage/logons/ssh-logons.ts';
import { eventlessSuccess, type Success } from '../../triage/logons/success.ts';
import type { Witness } from '../../triage/logons/witnesses.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString } from '../client/kql-literal.ts';
import type { LogAnswer } from '../client/log-query.ts';
import {
  type Ask,
  arrivalDays,
  asker,
  type LogonOptions,
  type LogSource,
  lack,
  latest,
  limits,
  lookback,
  needOf,
  otherLogs,
  otherSources,
  quietMinutes,
  rowsIn,
  type Span,
  securityEvent,
  sourceName,
  spanOf,
  sumOf,
  syslog,
} from './logon-queries.ts';
import {
  addExplicitRows,
  addFailureRows,
  addSshdRows,
  type ComputerOf,
  laterEventsOf,
  otherLogsOf,
  type SshdRows,
  successesOf,
} from './logon-rows.ts';

function agentCure(vm: VirtualMachine, what: string): string {
  return (
    `connect the Azure Monitor Agent with ${what} (on a private subnet, the default of new networks, it reports only through NAT or a private link), or ask for Log Analytics Reader on the workspace of ${vm.name}; ` +
    (vm.os === 'windows' ? 'until then open an exported .evtx' : 'until then read /var/log/auth.log on the VM')
  );
}

/** Why a VM's logs say nothing: no agent, no such table, nothing in it. */
export function silence(vm: VirtualMachine, table: string, arrival: LogAnswer, heartbeat: LogAnswer): Unknown {
  const source = sourceName(table);
  const what = vm.os === 'windows' ? 'security events' : 'syslog of auth and authpriv';
  if (arrival.state === 'failed') return unknownFrom(arrival.error, source, needOf(vm.id));
  const beat = latest(heartbeat, 'LastHeartbeat');
  if (beat === null && heartbeat.state === 'failed') return unknownFrom(heartbeat.error, source, needOf(vm.id));
  if (beat === null) {
    return unknown(
      'silent',
      `no agent of this VM reports to any workspace you can read (no Heartbeat in ${arrivalDays} days)`,
      agentCure(vm, what),
      source,
    );
  }
  if (arrival.state === 'no-table') {
    return unknown(
      'absent',
      `no table ${table} in the workspaces of this VM that you can read`,
      agentCure(vm, what),
      source,
    );
  }
  return unknown('silent', `the agent reports (${beat}) but sends no ${what}`, agentCure(vm, what), source);
}

function clearedText(clearedAt: string | null): string {
  return clearedAt === null ? '' : `the security log was cleared at ${clearedAt}`;
}

/** Security events that hold no logon do not vouch for logons. */
export function noLogonsAmong(lastEventAt: string, clearedAt: string | null, source: string): Unknown {
  const cleared = clearedAt === null ? '' : `; ${clearedText(clearedAt)}`;
  return unknown(
    'absent',
    `security events of this VM arrive (${lastEventAt}), but no logon, failed or not, is among them${cleared}`,
    'collect 4624 and 4625 (the set "Minimal" has both), or open an exported .evtx',
    source,
  );
}

/** Does the age of the last event allow "none" to be said? Null when it does; a note, or an unknown. */
export function arrivalOf(
  vm: VirtualMachine,
  lastEventAt: string,
  span: Span,
  now: Date,
  table: string,
): { note: string } | Unknown {
  const last = Date.parse(lastEventAt);
  const off = vm.power === 'deallocated' || vm.power === 'stopped';
  if (now.getTime() - last <= quietMinutes * 60_000) return { note: '' };
  if (off) return { note: `nothing after ${lastEventAt}: the VM is off` };
  if (last >= span.from.getTime()) return { note: `nothing after ${lastEventAt}: events stopped arriving` };
  return unknown(
    'stale',
    `security events of this VM stopped arriving at ${lastEventAt}`,
    'check the Azure Monitor Agent on the VM, and whether someone stopped it or the audit policy',
    sourceName(table),
  );
}

/**
 * The failed logons of one VM, by its resource id, over every workspace that holds its logs. Log Analytics counts;
 * every query goes out at once. "None" is only said where events arrive; everything else is unknown, with its cure.
 */
export async function readLogons(
  connection: Connection,
  vm: VirtualMachine,
  options: LogonOptions = {},
): Promise<Fact<Logons>> {
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  const span = spanOf(connection, options.lookbackHours);
  const askAt = (scope: string) => asker(connection, scope, span, thresholds, options.signal);
  const read = (ask: Ask) =>
    vm.os === 'linux'
      ? readLinux(connection, vm, span, thresholds, ask)
      : readWindows(connection, vm, span, thresholds, ask);
  const found = await read(askAt(vm.id));
  const set = scaleSetInstanceOf(vm.id)?.scaleSet;
  if (!set || vm.computerName === '' || found.state === 'known' || !/^(silent|absent)$/.test(found.why)) return found;
  // An agent may report with the id of the scale set: there the computer's name is what tells its instances apart.
  const named = await read(ofComputer(vm.computerName, askAt(set)));
  if (named.state === 'unknown') return found;
  return {
    ...named,
    coverage: `${named.coverage}; in the logs of its scale set, by the computer name ${vm.computerName}`,
  };
}

/** Asks about one computer of those that report with the id of their scale set, by its name with any domain. */
function ofComputer(name: string, ask: Ask): Ask {
  const computer = name.toLowerCase();
  const own = (machine: string) => machine === computer || machine.startsWith(`${computer}.`);
  const only = `Machine == ${kqlString(computer)} or Machine startswith ${kqlString(`${computer}.`)}`;
  return async (query, source, asking = {}) => {
    const answer = await ask(query, source, source ? { ...asking, only } : asking);
    if (source || answer.state !== 'rows') return answer;
    return { ...answer, rows: answer.rows.filter((row) => own(textAt(row, 'Machine'))) };
  };
}

async function readWindows(
  connection: Connection,
  vm: VirtualMachine,
  span: Span,
  thresholds: Thresholds,
  ask: Ask,
): Promise<Fact<Logons>> {
  const askEvents = (source: LogSource) =>
    Promise.all([
      ask('logon-failures', source),
      ask('logon-successes', source),
      ask('logon-aftermath', source),
      ask('last-event', source),
      ask('explicit-credentials', source),
    ]);
  const [first, heartbeat, services, witnessing, ...others] = await Promise.all([
    askEvents(securityEvent),
    ask('last-heartbeat'),
    ask('service-installs'),
    Promise.all(otherLogs.map((source) => ask('other-logs', source))),
    ...otherSources.map((source) => ask('last-event', source)),
  ]);
  let source = securityEvent;
  let [failures, successes, later, arrival, explicit] = first;
  let lastEventAt = latest(arrival, 'LastEvent');
  if (lastEventAt === null) {
    const elsewhere = otherSources.findIndex((_, i) => latest(others[i], 'LastEvent') !== null);
    const other = otherSources[elsewhere];
    if (other) {
      source = other;
      [failures, successes, later, arrival, explicit] = await askEvents(other);
      lastEventAt = latest(arrival, 'LastEvent');
    }
  }
  const now = connection.clock.now();
  const name = sourceName(source.table);
  if (failures.state === 'failed') return unknownFrom(failures.error, name, needOf(vm.id));
  if (lastEventAt === null || failures.state === 'no-table') return silence(vm, source.table, arrival, heartbeat);
  const lastLogonAt = latest(arrival, 'LastLogon');
  const clearedAt = latest(arrival, 'LastCleared');
  const cleared = clearedText(clearedAt);
  if (lastLogonAt === null) {
    return noLogonsAmong(lastEventAt, clearedAt, name);
  }
  const arriving = arrivalOf(vm, lastLogonAt, span, now, source.table);
  if ('state' in arriving) return arriving;

  const computerOf: ComputerOf = () => vm.id;
  const columns = new FailureColumns();
  const reduction = addFailureRows(failures.rows, computerOf, thresholds, columns);
  addExplicitRows(rowsIn(explicit), computerOf, thresholds, columns);
  const witnessed = readOtherLogs(witnessing, columns, computerOf, reduction.exact);
  const successLack = lack('successful logons', successes, limits.successes, source.table);
  const collected = arrival.state === 'rows' ? sumOf(arrival, 'Successes') > 0 : null;
  const entered = [...successesOf(rowsIn(successes), computerOf), ...witnessed.successes];
  const { logons, notSeen } = assembleLogons({
    failures: columns,
    successes: successEvidence(vm, collected, successLack, entered),
    witnesses: witnessed.witnesses,
    later: [...laterEventsOf(rowsIn(later), computerOf), ...laterEventsOf(rowsIn(services), computerOf)],
    lastEventAt,
    thresholds,
  });
  const lacks = [
    lack('failed logons', failures, limits.rows, source.table),
    successLack,
    lack('attempts with explicit credentials (4648)', explicit, limits.rows, source.table),
    lack('what came after a success', later, limits.later, source.table),
    lack('installed services (7045)', services, limits.later, 'Event'),
    arriving.note,
    unlistedNote(reduction.unlisted),
    ...witnessed.lacks,
    cleared === '' || logons.bursts.some(({ next }) => next.some(({ eventId }) => eventId === 1102))
      ? ''
      : `events that had not been sent yet: ${cleared}`,
    ...notSeen,
  ];
  return known(logons, {
    source: name,
    asOf: now.toISOString(),
    coverage: coverageOf(span, reduction.exact),
    notSeen: lacks.filter((text) => text !== ''),
  });
}

interface OtherLogs {
  successes: Success[];
  witnesses: Witness[];
  lacks: string[];
}

/**
 * Clients connected while failures without an address were logged: OpenSSH's own lines give their 4625s the address, and
 * Remote Desktop's logs name who connected, joined by time alone; what OpenSSH refused without a 4625 counts beside them.
 * Most workspaces hold none of these logs, which is no lack: nothing is claimed of them.
 */
function readOtherLogs(
  answers: readonly LogAnswer[],
  columns: FailureColumns,
  computerOf: ComputerOf,
  exact: boolean,
): OtherLogs {
  const told = otherLogsOf(answers.flatMap(rowsIn), computerOf);
  const ssh = sshLogons(told.lines);
  const witnesses = [...told.witnesses];
  // Failures that were counted per minute have no times by which each could be known again.
  if (exact) addSshAttempts(columns, new KnownFailures(columns), ssh.failures, false);
  else
    for (const { at, computer, address } of ssh.failures)
      witnesses.push({ at, computer, address, source: 'OpenSSH, a refused logon', events: 1 });
  const entered = ssh.successes.map(eventlessSuccess);
  const lacks = answers.flatMap((answer, at) =>
    answer.state === 'no-table'
      ? []
      : [lack('who came, by OpenSSH and Remote Desktop', answer, limits.rows, otherLogs[at]?.table ?? '')],
  );
  return { successes: [...entered, ...told.sessions], witnesses, lacks };
}

async function readLinux(
  connection: Connection,
  vm: VirtualMachine,
  span: Span,
  thresholds: Thresholds,
  ask: Ask,
): Promise<Fact<Logons>> {
  const [lines, arrival, heartbeat, later] = await Promise.all([
    ask('linux-logons', syslog),
    ask('last-syslog'),
    ask('last-heartbeat'),
    ask('linux-aftermath'),
  ]);
  const now = connection.clock.now();
  const name = sourceName(syslog.table);
  if (lines.state === 'failed') return unknownFrom(lines.error, name, needOf(vm.id));
  const lastEventAt = latest(arrival, 'LastLogonLine');
  if (lines.state === 'no-table' || lastEventAt === null) {
    const other = latest(arrival, 'LastLine');
    return other === null
      ? silence(vm, syslog.table, arrival, heartbeat)
      : unknown(
          'silent',
          `syslog of this VM arrives (${other}), but nothing of the facilities auth and authpriv`,
          'add auth and authpriv at level info to the data collection rule',
          name,
        );
  }
  const computerOf: ComputerOf = () => vm.id;
  const columns = new FailureColumns();
  const said = addSshdRows(lines.rows, computerOf, thresholds, columns);
  if (said.failures === 0 && said.ownLines === 0 && sumOf(arrival, 'Level') === 0) {
    return unknown(
      'absent',
      `syslog of auth arrives (${lastEventAt}), but nothing below level warning, where sshd and PAM tell of logons`,
      'add auth and authpriv at level info to the data collection rule',
      name,
    );
  }
  // Unlike Windows, a quiet Linux VM may write nothing to auth for hours: the agent's heartbeat vouches for it.
  const beat = latest(heartbeat, 'LastHeartbeat');
  const alive = beat !== null && Date.parse(beat) > Date.parse(lastEventAt) ? beat : lastEventAt;
  const arriving = arrivalOf(vm, alive, span, now, syslog.table);
  if ('state' in arriving) return arriving;
  // sshd reports failures and successes to the same facility at the same level: one proves the other is collected. What
  // PAM says goes to another, and proves nothing.
  const collected = sumOf(arrival, 'Informative') > 0 || said.ownLines > 0;
  const lack1 = lack('logons', lines, limits.rows, syslog.table);
  const { logons, notSeen } = assembleLogons({
    failures: columns,
    successes: successEvidence(vm, collected, lack1, said.successes),
    later: laterEventsOf(rowsIn(later), computerOf),
    lastEventAt,
    thresholds,
    existing: said.existing,
  });
  const lacks = [
    lack1,
    lack('what came after a success', later, limits.later, syslog.table),
    arriving.note,
    unlistedNote(said.unlisted, 'lines'),
    unreadNote(said),
    ...notSeen,
  ];
  return known(logons, {
    source: name,
    asOf: now.toISOString(),
    coverage: coverageOf(span, said.exact),
    notSeen: lacks.filter((text) => text !== ''),
  });
}

function coverageOf(span: Span, exact: boolean): string {
  return exact
    ? lookback(span.hours)
    : `${lookback(span.hours)}; counted per minute by Log Analytics, first and last times exact`;
}

export function unlistedNote(unlisted: number, what = 'failures'): string {
  return unlisted === 0 ? '' : `${count(unlisted)} ${what} of very busy minutes are not in the bursts`;
}

/** Lines that say something about a logon in a form that is not known: they were counted, and are in no burst. */
export function unreadNote({ unread, unreadLine }: Pick<SshdRows, 'unread' | 'unreadLine'>): string {
  return unread === 0
    ? ''
    : `${counted(unread, 'line')} of sshd or PAM about logons in a form that is not known, such as ${printable(unreadLine, 160)}`;
}

function successEvidence(
  vm: VirtualMachine,
  collected: boolean | null,
  lacking: string,
  rows: SuccessEvidence['rows'],
): SuccessEvidence {
  const windows = vm.os === 'windows';
  const because =
    collected === false
      ? `successful logons ${windows ? '(4624)' : '(sshd at level info)'} of this VM are not collected`
      : lacking || 'it could not be asked whether successful logons are collected';
  const cure = windows
    ? 'collect 4624 (the set "Minimal" has it), or open an exported .evtx'
    : 'collect auth and authpriv at level info, or read /var/log/auth.log on the VM';
  return { collected, complete: lacking === '', because, cure, rows };
}
