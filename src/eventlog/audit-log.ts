import { auditAction } from '../syslog/audit-actions.ts';
import { auditRecords } from '../syslog/audit-file.ts';
import type { AuditRecord } from '../syslog/audit-record.ts';
import { auditedStep } from '../syslog/audit-steps.ts';
import { noGaps } from '../syslog/syslog-file.ts';
import { counted } from '../text/counts.ts';
import { ownCopy } from '../text/own-copy.ts';
import { printable } from '../text/printable.ts';
import { type AuditedStep, auditLogons } from '../triage/logons/audit-logons.ts';
import { isoOf } from '../triage/logons/ticks.ts';
import type { LogonCollector } from './logon-collector.ts';
import type { LogonLog } from './logon-log.ts';
import { readThrough, type ThroughOptions } from './read-through.ts';
import { Span } from './span.ts';

/** A log of the kernel's audit, as auditd writes it. */
export interface AuditLogFile {
  path: string;
  format: 'audit';
}

const mostComputers = 50;
const longestAction = 1024;

const hostOf = (name: string): string => name.toLowerCase().split('.', 1)[0] ?? '';

/**
 * The name that a node has in the logs beside: auditd writes the host's name or its full one (`name_format`), syslog often
 * the other. The node's own where they have none like it, or several.
 */
function nameBeside(node: string, computers: readonly string[]): string {
  if (computers.some((name) => name.toLowerCase() === node.toLowerCase())) return node;
  const [name, other] = computers.filter(
    (one) => hostOf(one) === hostOf(node) && (!one.includes('.') || !node.includes('.')),
  );
  return name !== undefined && other === undefined ? name : node;
}

/**
 * Reads such a log and gives what it says of logons to the collector. `beside` are the computers of the logs beside it: where
 * its lines do not name their computer (`node=`) it is the one of these, "" where there are none or several. Throws an
 * EventLogError when it cannot be opened; where its end cannot be read, the rest counts.
 */
export async function readAuditLogons(
  { path }: AuditLogFile,
  beside: readonly string[],
  collector: LogonCollector,
  options: ThroughOptions,
): Promise<LogonLog> {
  const gaps = noGaps();
  const [alone = '', another] = beside;
  const computer = another === undefined ? alone : '';
  const namesOfNodes = new Map([['', computer]]);
  const computerOf = (node: string): string => {
    const known = namesOfNodes.get(node) ?? ownCopy(nameBeside(node, beside));
    if (namesOfNodes.size < mostComputers) namesOfNodes.set(node, known);
    return known;
  };
  const span = new Span();
  const computers = new Set<string>();
  const steps: AuditedStep[] = [];
  let [records, nodes] = [0, 0];
  const take = (record: AuditRecord): void => {
    records += 1;
    span.add(record.at);
    if (record.node !== '') nodes += 1;
    const own = computerOf(record.node);
    if (own !== '' && computers.size < mostComputers) computers.add(own);
    const step = auditedStep(record, own);
    if (step) {
      const { at, serial } = record;
      steps.push(step);
      collector.other.takeAudit(step, `${at} ${serial}`);
    }
    const action = auditAction(record);
    if (action)
      collector.takeAudited({ ...action, at: record.at, computer: own, what: printable(action.what, longestAction) });
  };
  const file = await readThrough(
    path,
    (read) => auditRecords(path, gaps, read),
    (portion) => {
      for (const { record } of portion) take(record);
    },
    options,
  );
  const ends = span.ends;
  // Where there are records of logons, the whole log was listening.
  if (ends && steps.length > 0) {
    collector.otherSpan.add(ends.first);
    collector.otherSpan.add(ends.last);
  }
  const { failures, successes } = auditLogons(steps);
  return {
    ...file,
    records,
    failures: failures.length,
    successes: successes.length,
    first: ends && isoOf(ends.first),
    last: ends && isoOf(ends.last),
    channel: 'audit',
    computers: [...computers].map((name) => printable(name, 64)),
    notes: [
      ...(nodes === records
        ? []
        : computer === ''
          ? ['it does not name its computer']
          : [`its computer is that of the logs beside it: ${printable(computer, 64)}`]),
      ...(gaps.unread > 0
        ? [`${counted(gaps.unread, 'line')} that are no record of audit (first in line ${gaps.firstUnread})`]
        : []),
      ...(gaps.zeros > 0 ? [`${counted(gaps.zeros, 'byte')} of zeros among its lines`] : []),
    ],
  };
}
