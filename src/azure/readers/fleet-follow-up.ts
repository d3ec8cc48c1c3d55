import type { VirtualMachine } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import type { FoundBurst } from '../../triage/logons/logons.ts';
import { sshLogons } from '../../triage/logons/ssh-logons.ts';
import { eventlessSuccess, type Success } from '../../triage/logons/success.ts';
import type { Witness } from '../../triage/logons/witnesses.ts';
import { type Ask, lack, limits, otherLogs, rowsIn, securityEvent } from './logon-queries.ts';
import { type ComputerOf, otherLogsOf, successesOf } from './logon-rows.ts';
import { textsLiteral } from './logons-in-tables.ts';

/** Answers to second questions, about those Windows VMs alone whose worst burst raises a question. */
export interface FollowUp {
  /** Logons of a distributed spray's accounts and sources, and sessions that Remote Desktop's and OpenSSH's logs report. */
  successes: Success[];
  /** Clients that connected while failures without an address were logged. */
  witnesses: Witness[];
  /** VMs, by id in lower case, of which a logon may have been missed. */
  doubted: ReadonlySet<string>;
  lacks: string[];
}

/** VMs that one question names. */
const mostAsked = 500;

/** For a fleet it matters that a logon followed, not when: each account, address and type takes one row. */
export const onceEach = { exactLimit: '0', grain: 'time(90d)' };

/** The computers whose first, that is worst, burst fulfils a condition. */
function whoseWorst(found: readonly FoundBurst[], is: (burst: FoundBurst['burst']) => boolean): string[] {
  const seen = new Set<string>();
  return found.flatMap(({ computer, burst }) => {
    if (seen.has(computer)) return [];
    seen.add(computer);
    return is(burst) ? [computer] : [];
  });
}

/**
 * Asks what the questions about a whole fleet leave out, because they would have to ask it of every VM: logons of accounts
 * and addresses that failed once or twice, and what other logs say of failures without an address.
 *
 * @param found bursts, worst first
 * @param namesOf what the logs call a computer, by its id in lower case
 */
export async function followUp(
  ask: Ask,
  found: readonly FoundBurst[],
  machines: readonly VirtualMachine[],
  namesOf: (computer: string) => readonly string[],
  computerOf: ComputerOf,
): Promise<FollowUp> {
  const windows = new Set(machines.filter(({ os }) => os === 'windows').map(({ id }) => id.toLowerCase()));
  const own = (computer: string): boolean => windows.has(computer);
  const thin = new Set(found.filter(({ burst }) => burst.kind === 'distributed-spray').map(({ computer }) => computer));
  const thinly = [...thin].filter(own);
  const nameless = whoseWorst(found, ({ sources }) => sources.some(({ address }) => address === '-')).filter(own);
  const only = (computers: readonly string[]): string =>
    `Machine in~ (${textsLiteral(computers.slice(0, mostAsked).flatMap(namesOf))})`;
  const [entered, others] = await Promise.all([
    thinly.length === 0
      ? null
      : ask('logon-successes', securityEvent, { minimum: 1, only: only(thinly), parameters: onceEach }),
    nameless.length === 0
      ? []
      : Promise.all(otherLogs.map((source) => ask('other-logs', source, { only: only(nameless) }))),
  ]);
  const told = otherLogsOf(others.flatMap(rowsIn), computerOf);
  const ssh = sshLogons(told.lines);
  const lackOfLogons =
    entered === null ? '' : lack('logons after distributed sprays', entered, limits.successes, securityEvent.table);
  const cut = [thinly, nameless].some((asked) => asked.length > mostAsked);
  return {
    successes: [
      ...successesOf(entered === null ? [] : rowsIn(entered), computerOf),
      ...told.sessions,
      ...ssh.successes.map(eventlessSuccess),
    ],
    witnesses: [
      ...told.witnesses,
      ...ssh.failures.map(({ at, computer, address }) => {
        return { at, computer, address, source: 'OpenSSH, a refused logon', events: 1 };
      }),
    ],
    doubted: new Set(lackOfLogons === '' ? thinly.slice(mostAsked) : thinly),
    lacks: [
      lackOfLogons,
      ...others.map((answer, at) =>
        answer.state === 'no-table'
          ? ''
          : lack('who came, by OpenSSH and Remote Desktop', answer, limits.rows, otherLogs[at]?.table ?? ''),
      ),
      cut ? `logons and witnesses of more than ${count(mostAsked)} VMs with thin or nameless bursts` : '',
    ].filter((text) => text !== ''),
  };
}
