import { requestIdAt } from '../../casefile/anchor.ts';
import type { Danger } from '../../documents/run.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { Action, Target } from '../../playbook/action.ts';
import type { CaseLog } from '../../playbook/case-log.ts';
import type { Playbook } from '../../playbook/playbook.ts';
import { findPlaybook, type PlaybookShelf } from '../../playbook/playbook-file.ts';
import type { PlaybookRun } from '../../playbook/run.ts';
import { createRun } from '../../playbook/runner.ts';
import type { OpenCase } from '../cases/case-keeper.ts';
import type { KeptCase } from '../cases/kept-cases.ts';
import type { Playbooks } from './playbooks.ts';

interface ShelfOptions {
  shelf: PlaybookShelf;
  actions: ReadonlyMap<string, Action>;
  readOnly: boolean;
  /** cordon's version, which is in the digests of whole plans; none are made without it. */
  tool?: string;
  now: () => Date;
  responderAddress: () => Promise<string>;
  /** The playbook that puts the summary of a case on an incident. */
  posting: (incident: string, kept: KeptCase) => Promise<Playbook>;
  /** The locks at a VM that another process made. */
  earlierLocks: (vm: VirtualMachine, kept: KeptCase) => Promise<PlaybookRun | null>;
  /**
   * Starts the process that undoes changes not kept by their deadline once this one is gone; returns its description.
   */
  guard?: (caseId: string) => string;
}

/** What a playbook writes, into the case that is open. `vm` is named in each entry, where the case holds several VMs. */
export function caseLogOf(
  kept: Pick<KeptCase, 'id' | 'file' | 'actor'>,
  now: () => Date,
  vm?: { id: string; name: string },
): CaseLog {
  const about = vm ? { vm: { id: vm.id, name: vm.name } } : {};
  return {
    caseId: kept.id,
    folder: kept.file.directory,
    lost: () => kept.file.transcript.failure?.message ?? '',
    head: () => `${kept.file.transcript.count}:${kept.file.transcript.head}`,
    append: (kind, body) =>
      kept.file.transcript.append(
        kind,
        kept.actor,
        kind === 'intent'
          ? (before) => ({ ...body, ...about, clientRequestId: requestIdAt(before) }) as never
          : ({ ...body, ...about } as never),
      ),
    async keep(name, document) {
      const evidence = await kept.file.evidence.writeJson(name, document);
      // Each file of evidence has an entry that vouches for it.
      await kept.file.transcript.append('fact', kept.actor, {
        name,
        state: 'known',
        summary: `kept ${name}`,
        source: 'playbook',
        asOf: now().toISOString(),
        coverage: 'as it was at that moment',
        notSeen: [],
        evidence,
        ...about,
      });
      return evidence;
    },
  };
}

/** The log of a playbook on one VM: it is named where the case is another one's. */
export function logOf(kept: KeptCase, now: () => Date, vm: { id: string; name: string }): CaseLog {
  const isOwn = kept.file.header.vm.id.toLowerCase() === vm.id.toLowerCase();
  return caseLogOf(kept, now, isOwn ? undefined : vm);
}

function isKept(openCase: OpenCase): openCase is KeptCase {
  return 'file' in openCase && 'actor' in openCase;
}

/** The most that an action of the playbook can do. The plan of each step says what it does here. */
function dangerOf(playbook: Playbook, actions: ReadonlyMap<string, Action>): Danger {
  const dangers = playbook.steps.flatMap((step) => (step.uses ? [actions.get(step.uses)?.danger ?? 'disruptive'] : []));
  return (['disruptive', 'reversible'] as const).find((danger) => dangers.includes(danger)) ?? 'none';
}

/** Does the playbook change something, and has none of its actions an undo? */
function isIrreversible(playbook: Playbook, actions: ReadonlyMap<string, Action>): boolean {
  const used = playbook.steps.flatMap((step) => (step.uses ? [actions.get(step.uses)] : []));
  return used.length > 0 && used.every((action) => action?.undo === undefined);
}

/** One process waits for all deadlines of a case. */
function onceEach(guarded: Map<string, string>, guard: ShelfOptions['guard']): ShelfOptions['guard'] {
  if (!guard) return undefined;
  return (caseId) => {
    const by = guarded.get(caseId) ?? guard(caseId);
    guarded.set(caseId, by);
    return by;
  };
}

/** What a playbook must know of the VM that it acts on. */
export function targetOf({ id, name, resourceGroup, subscriptionId, location }: VirtualMachine): Target {
  return { id, name, resourceGroup, subscriptionId, location };
}

/** The playbooks of a shelf, offered for a VM. */
export function playbooksOf(options: ShelfOptions): Playbooks {
  const { shelf } = options;
  return {
    list(_vm, found) {
      // What no longer holds needs no answer.
      const findings = found.filter(({ closed }) => !closed);
      // Several VMs may have the same finding: its first place counts.
      const named = new Map(
        findings
          .flatMap(({ id, covers = [] }, rank) => [id, ...covers].map((one): [string, number] => [one, rank]))
          .toReversed(),
      );
      const offers = shelf.playbooks.map(({ playbook }) => ({
        name: playbook.name,
        title: playbook.title,
        summary: playbook.summary,
        steps: playbook.steps.map((step) => step.title),
        acts: playbook.steps.flatMap((step) => (step.uses ? [step.id] : [])),
        danger: dangerOf(playbook, options.actions),
        irreversible: isIrreversible(playbook, options.actions),
        answers: [...new Set(playbook.answers.flatMap((id) => named.get(id) ?? []))]
          .sort((a, b) => a - b)
          .flatMap((rank) => findings[rank]?.id ?? []),
        disabled: options.readOnly ? 'this session is read-only' : '',
      }));
      // The playbook that a finding names comes before others that answer it too.
      const rank = ({ name, answers }: (typeof offers)[number]) => {
        const proposed = findings.findIndex((finding) => finding.playbook === name);
        const answered = named.get(answers[0] ?? '') ?? Number.MAX_SAFE_INTEGER;
        return proposed >= 0 ? Math.min(proposed, answered + 0.5) : answered + 0.5;
      };
      // Of those that nothing asks for, what interrupts the customer comes last: nine are started by a digit.
      const late = ({ danger }: (typeof offers)[number]) => Number(danger === 'disruptive');
      return offers.sort(
        (a, b) =>
          rank(a) - rank(b) || b.answers.length - a.answers.length || late(a) - late(b) || a.name.localeCompare(b.name),
      );
    },
    async earlierLocks(vm, openCase) {
      if (!isKept(openCase)) throw new Error('the case file is not open for writing');
      return options.earlierLocks(vm, openCase);
    },
    async post(incident, vm, openCase) {
      if (!isKept(openCase)) throw new Error('the case file is not open for writing');
      return createRun({
        playbook: await options.posting(incident, openCase),
        actions: options.actions,
        target: targetOf(vm),
        log: logOf(openCase, options.now, vm),
        responderAddress: '',
        reason: '',
        readOnly: options.readOnly,
        ...(options.tool === undefined ? {} : { tool: options.tool }),
        interactive: true,
        now: options.now,
      });
    },
    async start(name, vm, openCase, together) {
      const guard = together ? onceEach(together.guarded, options.guard) : options.guard;
      if (!isKept(openCase)) throw new Error('the case file is not open for writing');
      return createRun({
        playbook: findPlaybook(shelf, name),
        actions: options.actions,
        target: targetOf(vm),
        log: together ? caseLogOf(openCase, options.now, targetOf(vm)) : logOf(openCase, options.now, vm),
        responderAddress: await options.responderAddress(),
        reason: '',
        readOnly: options.readOnly,
        ...(options.tool === undefined ? {} : { tool: options.tool }),
        // One answer is for all VMs: none is asked again.
        interactive: together === undefined,
        ...(together ? { word: together.word } : {}),
        now: options.now,
        ...(guard ? { guard: async () => guard(openCase.id) } : {}),
      });
    },
  };
}
