import type { Entry } from '../documents/transcript.ts';
import { listed } from '../text/counts.ts';
import { vmOf } from './bodies.ts';
import type { CaseStore, CaseSummary } from './case-store.ts';
import { decodedPart, type LeftOpen, leftOpen } from './left-open.ts';
import { openIntents } from './recovery.ts';

/** Something that an earlier session began in Azure and did not bring to its end. */
export interface HalfDone {
  caseId: string;
  vm: { id: string; name: string };
  /** The step's id, and its playbook's name; "" where the record does not say. */
  step: string;
  playbook: string;
  /**
   * "unknown-outcome": a request whose outcome is not known · "unverified": changes were sent and the step was not
   * verified · "overdue": it should have been undone by itself · "pending": it will be.
   */
  kind: 'unknown-outcome' | 'unverified' | 'overdue' | 'pending';
  /** When it was begun, or when it is undone; ISO 8601 UTC. */
  at: string;
  /** One sentence. */
  text: string;
  /** What shows or ends it: "cordon undo 2026-11-23-web01 --yes". */
  command: string;
}

/** A closed case is looked into so long after its last entry: no deadline lies farther ahead. */
const closedHours = 48;

/** A deadline as the case's notes have it; see `pendingDeadlines` of the playbooks. */
interface PendingDeadline {
  record: string;
  step: string;
  playbook: string;
  at: string;
}

interface Begun {
  record: string;
  step: string;
  playbook: string;
  at: string;
  ok: boolean | null | undefined;
}

/** The ids of intents that Azure refused outright, so that nothing came of them. */
function refusedIntents(entries: readonly Entry[]): Set<string> {
  const taken = new Set<string>();
  const refused = new Set<string>();
  for (const { kind, body } of entries) {
    if (kind !== 'outcome') continue;
    if (body.result === 'accepted') taken.add(String(body.intent));
    if (body.ok === false && !taken.has(String(body.intent))) refused.add(String(body.intent));
  }
  return refused;
}

/** The executions of steps that sent changes which Azure did not refuse: how each was verified last, undefined when it never was. */
function begunSteps(entries: readonly Entry[]): Begun[] {
  const begun = new Map<string, Begun>();
  const refused = refusedIntents(entries);
  for (const { kind, body, at } of entries) {
    const record = typeof body.record === 'string' ? body.record : '';
    if (record === '') continue;
    const known = begun.get(record);
    if (kind === 'intent' && !known && !refused.has(String(body.id))) {
      begun.set(record, {
        record,
        step: String(body.step ?? ''),
        playbook: String(body.playbook ?? ''),
        at,
        ok: undefined,
      });
    }
    if (kind !== 'verify' || !known) continue;
    if (body.undo === true && body.ok === true) begun.delete(record);
    else if (body.undo !== true) begun.set(record, { ...known, ok: typeof body.ok === 'boolean' ? body.ok : null });
  }
  return [...begun.values()];
}

/** The VM of each execution of a step, by its record, where the entries of a case with several VMs name it. */
function namedVms(entries: readonly Entry[]): Map<string, HalfDone['vm']> {
  const named = new Map<string, HalfDone['vm']>();
  for (const { body } of entries) {
    const deadline = typeof body.deadline === 'object' && body.deadline !== null ? body.deadline : {};
    const record = body.record ?? Reflect.get(deadline, 'record');
    const vm = vmOf({ body });
    if (vm && typeof record === 'string') named.set(record, vm);
  }
  return named;
}

const telling = new Set<Entry['kind']>(['intent', 'outcome', 'verify', 'note']);

/** Is it one of the entries that show what is half-done? The others of a long case need not be held for it. */
export const tellsOfChanges = ({ kind }: Entry): boolean => telling.has(kind);

/** What a case left half-done, from its entries. */
export async function halfDoneIn(
  summary: Pick<CaseSummary, 'id' | 'vm'>,
  entries: readonly Entry[],
  pending: (entries: readonly Entry[]) => readonly PendingDeadline[],
  now: Date,
): Promise<HalfDone[]> {
  const { id: caseId, vm: own } = summary;
  const named = namedVms(entries);
  const open = leftOpen(entries);
  const told = new Set<string>();
  /** What these left open, as the end of a sentence. */
  const opened = (which: (one: LeftOpen) => boolean): string => {
    const left = open.filter((one) => which(one) && !told.has(one.intent));
    for (const { intent } of left) told.add(intent);
    return left.length === 0 ? '' : `: ${listed(left.map(({ text }) => text))}`;
  };
  const undo = `cordon undo ${caseId}`;
  const found: HalfDone[] = [];
  const begun = begunSteps(entries);
  const sent = new Set(begun.map(({ record }) => record));
  for (const { record, step, playbook, at } of pending(entries)) {
    // It is set before the first change leaves: a process may have ended between the two, or every change was refused.
    if (!sent.has(record)) continue;
    const vm = named.get(record) ?? own;
    const overdue = Date.parse(at) <= now.getTime();
    const text = overdue
      ? `${step} on ${vm.name} should have been undone at ${at}: nobody kept it, and nothing undid it`
      : `${step} on ${vm.name} is undone by itself at ${at}, unless it is kept`;
    const command = overdue ? `${undo} --due` : `${undo} --keep`;
    found.push({ caseId, vm, step, playbook, kind: overdue ? 'overdue' : 'pending', at, text, command });
  }
  const unverified: HalfDone[] = [];
  for (const { record, step, playbook, at, ok } of begun) {
    const vm = named.get(record) ?? own;
    if (ok !== undefined && ok !== false) continue;
    const how = ok === false ? 'was not verified' : 'was begun and not brought to its end';
    const left = opened((one) => one.record === record);
    const text = `${step} on ${vm.name} ${how}${left || ': it may be done in part'}`;
    unverified.push({ caseId, vm, step, playbook, at, kind: 'unverified', text, command: `${undo} --yes` });
  }
  for (const { entry, intent } of await openIntents(entries)) {
    const { method, url } = intent.request;
    const vm = vmOf(entry) ?? own;
    const resource = decodedPart(url.split('?')[0]?.split('/').at(-1) ?? '');
    const left = opened((one) => one.intent === intent.id);
    const text = `${method} ${resource} for ${vm.name} was sent, and what became of it is not known${left}`;
    const about = { step: intent.step, playbook: intent.playbook ?? '', at: entry.at, text };
    found.push({ caseId, vm, ...about, kind: 'unknown-outcome', command: undo });
  }
  return [...found, ...unverified];
}

/** "lock on web01 …. End it with: cordon undo …" */
export const halfDoneText = ({ text, command, kind }: HalfDone): string =>
  `${text}. ${kind === 'pending' ? 'To keep it' : 'To end it'}: ${command}`;

/**
 * Steps that earlier sessions left half-done, in all cases of this host that are not open now, newest case first. A
 * case that cannot be read is left out. Only reads.
 */
export async function halfDone(
  store: CaseStore,
  about: { demo: boolean; now: Date },
  pending: (entries: readonly Entry[]) => readonly PendingDeadline[],
): Promise<HalfDone[]> {
  const { demo, now } = about;
  const recent = now.getTime() - closedHours * 3_600_000;
  const found: HalfDone[] = [];
  for (const summary of await store.list()) {
    const { id, closed, writer, unreadable, lastAt } = summary;
    if (summary.demo !== demo || writer !== null || unreadable !== '') continue;
    if (closed && Date.parse(lastAt) < recent) continue;
    try {
      const entries: Entry[] = [];
      for await (const entry of (await store.read(id)).entries()) if (tellsOfChanges(entry)) entries.push(entry);
      found.push(...(await halfDoneIn(summary, entries, pending, now)));
    } catch {
      // A damaged case says so where it is opened.
    }
  }
  return found;
}
