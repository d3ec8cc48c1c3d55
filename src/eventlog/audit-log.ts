import { type AuditedAction, auditAction } from '../syslog/audit-actions.ts';
import { auditRecords } from '../syslog/audit-file.ts';
import type { AuditRecord } from '../syslog/audit-record.ts';
import { auditedStep } from '../syslog/audit-steps.ts';
import { noGaps } from '../syslog/syslog-file.ts';
import { counted } from '../text/counts.ts';
import { ownCopy } from '../text/own-copy.ts';
import { printable } from '../text/printable.ts';
import { type AuditedStep, auditLogons } from '../triage/logons/audit-logons.ts';
import type { Ticks } from '../triage/logons/ticks.ts';
import { type LogonCollector, mostLater } from './logon-collector.ts';
import { type LogonLog, namedComputers } from './logon-log.ts';
import type { NodeNames } from './node-names.ts';
import { mostLines } from './other-witnesses.ts';
import { type ReadFile, readThrough, type ThroughOptions } from './read-through.ts';
import { Span } from './span.ts';

/** A log of the kernel's audit, as auditd writes it. */
export interface AuditLogFile {
  path: string;
  format: 'audit';
}

const longestAction = 1024;

/** Known by one copy of their text: a part of a line would keep the portion of the file that it is in. */
const mostNodesKept = 1000;

/**
 * Reads such a log; what it says of logons is given once all logs are read, since which computer its nodes are depends on
 * these. `most`: records of logons that are kept. Throws an EventLogError when it cannot be opened; where its end cannot be
 * read, the rest counts.
 */
export async function readAuditLog(
  { path }: AuditLogFile,
  options: ThroughOptions,
  most = mostLines,
): Promise<AuditReading> {
  const reading = new AuditReading(path, most);
  const file = await readThrough(
    path,
    (read) => auditRecords(path, reading.gaps, read),
    (portion) => {
      for (const { record } of portion) reading.take(record);
    },
    options,
  );
  reading.file = file;
  return reading;
}

/** What one log of audit holds. */
export class AuditReading {
  readonly gaps = noGaps();
  readonly path: string;
  file: ReadFile;
  readonly #most: number;
  readonly #span = new Span();
  readonly #steps: { step: AuditedStep; serial: string }[] = [];
  readonly #actions: (AuditedAction & { at: Ticks; node: string })[] = [];
  readonly #nodes = new Map<string, string>();
  #records = 0;
  #cut = 0;

  constructor(path: string, most: number) {
    this.path = path;
    this.#most = most;
    this.file = { path, bytes: 0, sha256: '', unverified: 0, dirty: false, damaged: [], damages: 0 };
  }

  /** The names of computers that its records have (`node=`); "" is among them where some have none. */
  get nodes(): string[] {
    return [...this.#nodes.keys()];
  }

  take(record: AuditRecord): void {
    this.#records += 1;
    this.#span.add(record.at);
    const node = this.#nodeOf(record.node);
    const step = auditedStep(record, node);
    if (step) {
      if (this.#steps.length < this.#most) this.#steps.push({ step, serial: ownCopy(record.serial) });
      else this.#cut += 1;
    }
    const action = auditAction(record);
    if (!action) return;
    const { program, what } = action;
    if (this.#actions.length < mostLater)
      this.#actions.push({
        at: record.at,
        node,
        program: ownCopy(program),
        what: ownCopy(printable(what, longestAction)),
      });
    else this.#cut += 1;
  }

  #nodeOf(node: string): string {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const own = ownCopy(node);
    if (this.#nodes.size < mostNodesKept) this.#nodes.set(own, own);
    return own;
  }

  /** Gives it to the collector, with the computers that its nodes are. */
  give(collector: LogonCollector, names: NodeNames): LogonLog {
    // Where there are records of logons, the whole log was listening.
    if (this.#steps.length > 0) collector.otherSpan.include(this.#span);
    for (const { step, serial } of this.#steps) {
      step.computer = names.computerOf(step.computer);
      collector.other.takeAudit(step, `${step.at} ${serial}`);
    }
    for (const { node, ...action } of this.#actions)
      collector.takeAudited({ ...action, computer: names.computerOf(node) });
    collector.other.cutLines += this.#cut;
    const { failures, successes } = auditLogons(this.#steps.map(({ step }) => step));
    const computers = new Set(this.nodes.map((node) => names.computerOf(node)).filter((name) => name !== ''));
    return {
      ...this.file,
      records: this.#records,
      failures: failures.length,
      successes: successes.length,
      ...this.#span.written,
      channel: 'audit',
      computers: namedComputers(computers),
      notes: [...names.notes, ...this.#notes()],
    };
  }

  #notes(): string[] {
    const { unread, firstUnread, zeros } = this.gaps;
    return [
      ...(this.#cut > 0
        ? [`${counted(this.#cut, 'record')} of logons and actions beyond the first that are kept`]
        : []),
      ...(unread > 0
        ? [
            `${counted(unread, 'line that is no record of audit', 'lines that are no records of audit')} (first in line ${firstUnread})`,
          ]
        : []),
      ...(zeros > 0 ? [`${counted(zeros, 'byte')} of zeros among its lines`] : []),
    ];
  }
}
