import type { Approval, ApprovedStep } from '../documents/approval.ts';
import type { PlanDocument } from '../documents/run.ts';
import type { Target } from './action.ts';
import { approvalOf, differencesBetween } from './approval.ts';
import { Asking } from './asking.ts';
import { eachBounded } from './each-bounded.ts';
import type { PlanShown, Prompt, RunView } from './run.ts';
import type { StartedRun } from './runner.ts';
import { sentenceOf } from './sentence-of.ts';

/** A playbook on one of the VMs of an act. */
export interface Member {
  target: Target;
  run: StartedRun;
}

/** With its plan, or why none could be made. */
export interface PlannedMember extends Member {
  plan: PlanDocument | null;
  because: string;
}

/** Plans the playbook on one VM. What goes wrong there is that VM's own, and stops no other. */
export async function planMember(member: Member): Promise<PlannedMember> {
  try {
    return { ...member, plan: await member.run.plan(), because: '' };
  } catch (error) {
    return { ...member, plan: null, because: sentenceOf(error) };
  }
}

/** One answer for all steps: `y`, and the word that was typed for those that want more than that. */
export interface Confirmed {
  yes: boolean;
  word: string | undefined;
}

/** The part of a step that is confirmed: the requests that it sends, and how much they disturb. */
const confirmedOf = (step: ApprovedStep | undefined) =>
  step && {
    danger: step.danger,
    changes: step.changes.map(({ method, resourceId, after }) => ({ method, resourceId, after })),
  };

/**
 * Answers a run by what was confirmed once. What that does not answer ends the run: nobody can be asked. With `confirmed`,
 * the steps as they were planned then, so does a step that is about to change something else.
 */
export function answerAll(
  run: StartedRun,
  { yes, word }: Confirmed,
  confirmed: readonly ApprovedStep[] | null = null,
): void {
  const differing = (id: string): string[] => {
    if (!confirmed) return [];
    const now = run.toApprove().find((step) => step.id === id);
    const then = confirmed.find((step) => step.id === id);
    return differencesBetween(confirmedOf(then), confirmedOf(now));
  };
  let pending = '';
  run.subscribe(() => {
    const { prompt } = run.view();
    if (!prompt) {
      pending = '';
      return;
    }
    const key = `${prompt.step} ${prompt.level} ${prompt.expects}`;
    if (key === pending) return;
    pending = key;
    queueMicrotask(() => {
      const [difference] = prompt.level === 'ask' ? [] : differing(prompt.step);
      if (prompt.level === 'ask') run.skip();
      else if (difference !== undefined) {
        run.cancel(`its plan is not the one that was confirmed: ${difference}; start it on this VM alone to see it`);
      } else if (prompt.level === 'disruptive' && word !== undefined) {
        if (run.answer(word) === 'refused') run.cancel();
      } else if (prompt.level === 'reversible' && yes) run.answer('y');
      else run.cancel();
    });
  });
}

/** Runs the playbook on one VM, answered by what was confirmed. Never rejects: what goes wrong is that VM's own. */
export async function runMember(
  { run }: Member,
  consent: Confirmed,
  confirmed: readonly ApprovedStep[] | null,
): Promise<RunView> {
  answerAll(run, consent, confirmed);
  try {
    return await run.start();
  } catch (error) {
    return { ...run.view(), outcome: 'needs-attention', summary: `Stopped: ${sentenceOf(error)}` };
  }
}

/** A VM of an act, as it is shown. */
export interface MemberView {
  vm: { id: string; name: string };
  /** Why the act leaves it out; "" when it does not. */
  leftOut: string;
  run: RunView;
}

export interface ActView {
  playbook: string;
  title: string;
  members: MemberView[];
  /** `asked`: all is planned, and one answer is awaited for all. `cancelled`: that was no. */
  phase: 'planning' | 'asked' | 'running' | 'over' | 'cancelled';
  prompt: Prompt | null;
  /** The plans of all VMs that are not left out, in one digest; null or absent before they are made. */
  plan?: PlanShown | null;
}

const names = (members: readonly PlannedMember[]) => members.map(({ target }) => target.name).join(', ');

/** The titles of the steps that change something on a VM. */
function actsOn({ target, plan }: PlannedMember): string {
  const titles = (plan?.steps ?? []).filter(({ changes }) => changes.length > 0).map(({ title }) => title);
  return `${target.name}: ${titles.join('; ') || 'nothing is to be changed'}`;
}

/** What the plans say that will happen: once where it is so for all, else with the VM's name, one of each VM by turns. */
function consequencesOf(able: readonly PlannedMember[]): string[] {
  const all = able.map(({ target, plan }) => ({
    name: target.name,
    texts: (plan?.steps ?? [])
      .filter(({ changes }) => changes.length > 0)
      .flatMap(({ consequences = [], warnings }) => [...consequences, ...warnings]),
  }));
  const isShared = (text: string) => all.length > 1 && all.every(({ texts }) => texts.includes(text));
  const shared = [...new Set(all.flatMap(({ texts }) => texts.filter(isShared)))];
  const own = all.flatMap(({ name, texts }) =>
    texts.filter((text) => !isShared(text)).map((text, place) => ({ place, text: `${name}: ${text}` })),
  );
  return [...shared.map((text) => `each: ${text}`), ...own.sort((a, b) => a.place - b.place).map(({ text }) => text)];
}

/** What must be typed for a disruptive step: how many VMs it is about, or the name of the only one. */
function wordFor(targets: readonly { name: string }[]): string {
  const [first] = targets;
  return targets.length === 1 && first ? first.name : String(targets.length);
}

/** The one question about all VMs, worst first; null where nothing would be changed. */
function questionOf(playbook: string, planned: readonly PlannedMember[]): Prompt | null {
  const able = planned.filter(({ plan }) => plan !== null);
  const steps = able.flatMap(({ plan }) => plan?.steps ?? []);
  const changing = steps.filter(({ changes }) => changes.length > 0);
  if (changing.length === 0) return null;
  const disruptive = changing.some(({ danger }) => danger === 'disruptive');
  const out = planned.filter(({ plan }) => plan === null);
  return {
    step: 'all',
    level: disruptive ? 'disruptive' : 'reversible',
    question: `${playbook} on ${able.length} VM${able.length === 1 ? '' : 's'}: ${names(able)}?`,
    expects: disruptive ? wordFor(able.map(({ target }) => target)) : 'y',
    consequences: [
      ...out.map(({ target, because }) => `${target.name} is left out: ${because}`),
      ...able.map(actsOn),
      ...consequencesOf(able),
    ],
  };
}

/** A playbook on several VMs in one act: all are planned, one answer confirms all, and they are changed in parallel. */
export class Act {
  readonly #about: { playbook: string; title: string };
  readonly #members: readonly Member[];
  readonly #listeners = new Set<() => void>();
  readonly #asking = new Asking(() => this.#changed());
  #planned: readonly PlannedMember[] = [];
  #phase: ActView['phase'] = 'planning';
  #approval: Approval | null = null;

  /** The runs of the members answer to `word`. */
  constructor(about: { playbook: string; title: string }, members: readonly Member[]) {
    this.#about = about;
    this.#members = members;
    for (const { run } of members) run.subscribe(() => this.#changed());
  }

  view(): ActView {
    return {
      ...this.#about,
      phase: this.#phase,
      prompt: this.#asking.prompt,
      plan: this.#approval && { digest: this.#approval.digest, because: '' },
      members: this.#members.map(({ target, run }) => ({
        vm: { id: target.id, name: target.name },
        leftOut: this.#planned.find((one) => one.run === run)?.because ?? '',
        run: run.view(),
      })),
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The VMs that could be planned: those that an answer is about. */
  able(): readonly PlannedMember[] {
    return this.#planned.filter(({ plan }) => plan !== null);
  }

  answer(text: string): 'accepted' | 'refused' {
    return this.#asking.answer(text);
  }

  /** No for all: nothing is changed. */
  cancel(): void {
    this.#asking.settle({ kind: 'cancel' });
  }

  /**
   * Plans all, asks, and runs all; `confirmed` is called between the answer and the first change. Resolves when all have
   * ended, in whatever way.
   */
  async start(confirmed: () => void): Promise<ActView> {
    this.#become('planning');
    this.#planned = [];
    this.#approval = null;
    this.#planned = await eachBounded(this.#members, planMember);
    const prompt = questionOf(this.#about.playbook, this.#planned);
    const able = this.able();
    const [first] = able;
    if (first) {
      const vms = able.map(({ target, run }) => ({ id: target.id, steps: run.toApprove() }));
      this.#approval = approvalOf({ ...first.run.parameters(), vms });
    }
    let typed = '';
    if (prompt) {
      this.#phase = 'asked';
      const answer = await this.#asking.ask(prompt);
      if (answer.kind !== 'text') return this.#become('cancelled');
      typed = answer.text;
    }
    if (able.length === 0) return this.#become('cancelled');
    this.#become('running');
    confirmed();
    const approval = this.#approval;
    // The record has what was confirmed before anything is changed.
    if (approval) await Promise.all(able.map(({ run }) => run.inPlan(approval, run === first?.run)));
    const consent = { yes: true, word: prompt?.level === 'disruptive' ? typed : undefined };
    await eachBounded(able, (one) => runMember(one, consent, one.run.toApprove()));
    return this.#become('over');
  }

  #become(phase: ActView['phase']): ActView {
    this.#phase = phase;
    this.#changed();
    return this.view();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What confirms a disruptive step of a member: what was typed for all while the act runs, afterwards the VM's name. */
export function wordIn(act: () => Act | null, target: Target): () => string {
  return () => {
    const running = act();
    return running?.view().phase === 'running' ? wordFor(running.able().map((one) => one.target)) : target.name;
  };
}
