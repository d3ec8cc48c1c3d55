import type { Danger } from '../../documents/run.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { PlaybookRun } from '../../playbook/run.ts';
import type { StartedRun } from '../../playbook/runner.ts';
import type { Found } from '../../triage/found-in-list.ts';
import type { OpenCase } from '../cases/case-keeper.ts';

/** A playbook as the chooser shows it. */
export interface PlaybookOffer {
  /** "lock-nsg" */
  name: string;
  title: string;
  /** What it does, in a sentence. */
  summary: string;
  /** Titles of its steps, in order. */
  steps: string[];
  /** Ids of the steps that change something, in order: "snapshot", "lock". */
  acts: string[];
  /** The worst of its steps. */
  danger: Danger;
  /** Can nothing that it changes be undone? */
  irreversible?: boolean;
  /** Ids of the findings that it answers, worst first. */
  answers: string[];
  /** Why it cannot be started ("this session is read-only"); "" when it can. */
  disabled: string;
}

/** That a playbook is one of several, on several VMs, which are confirmed at once. */
export interface Together {
  /** What must have been typed for its disruptive steps. */
  word(): string;
  /** The processes that guard deadlines, by the case: one is enough for all. */
  guarded: Map<string, string>;
}

/** The playbooks at hand. */
export interface Playbooks {
  /** Those that fit the VM; the ones that answer a finding come first. `findings`: worst first. */
  list(vm: VirtualMachine, findings: readonly Found[]): PlaybookOffer[];
  /** Makes the playbook ready for the VM; it runs when its `start` is called. Rejects with a sentence. */
  start(name: string, vm: VirtualMachine, openCase: OpenCase, together?: Together): Promise<StartedRun>;
  /**
   * Makes a comment ready that puts the summary of the case on an incident of Microsoft Sentinel (its id, GUID or number): a
   * playbook of one step. Rejects with a sentence.
   */
  post(incident: string, vm: VirtualMachine, openCase: OpenCase): Promise<StartedRun>;
  /**
   * The locks at the VM that this process did not make, as a playbook that is over and can be undone; null when there is
   * none. Rejects with a sentence.
   */
  earlierLocks(vm: VirtualMachine, openCase: OpenCase): Promise<PlaybookRun | null>;
}
