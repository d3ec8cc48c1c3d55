import { actTitle, type SessionState } from '../state.ts';

/** Something that goes on in Azure, for the strip of running jobs. */
export interface Job {
  /** Its playbook, on one VM or (`several`) on more. */
  runId: number;
  several: boolean;
  /** "snapshot of web01-os" */
  title: string;
  /** What Azure reports about it; "" when nothing. */
  text: string;
  /** 0 to 1; null when Azure does not report it. */
  fraction: number | null;
  /** ISO 8601 UTC. */
  since: string;
  /** A user is asked and nothing moves until they answer. */
  waiting: boolean;
}

/** The running operations of the playbooks, oldest first. */
export function jobsOf({ runs, acts }: Pick<SessionState, 'runs' | 'acts'>): Job[] {
  const jobs: Job[] = acts
    .filter(({ view }) => view.prompt !== null)
    .map((slot) => ({
      runId: slot.id,
      several: true,
      title: actTitle(slot),
      text: 'waits for your answer',
      fraction: null,
      since: '',
      waiting: true,
    }));
  for (const run of runs) {
    const { view } = run;
    for (const step of view.steps) {
      if (step.state !== 'applying' && step.state !== 'verifying' && step.state !== 'undoing') continue;
      jobs.push({
        runId: run.id,
        several: false,
        title: `${view.playbook} ${view.vm.name}: ${step.title}`,
        text: step.progress?.text ?? '',
        fraction: step.progress?.fraction ?? null,
        since: step.startedAt || run.since,
        waiting: false,
      });
    }
    if (view.prompt) {
      jobs.push({
        runId: run.id,
        several: false,
        title: `${view.playbook} ${view.vm.name}`,
        text: 'waits for your answer',
        fraction: null,
        since: run.since,
        waiting: true,
      });
    }
  }
  return jobs;
}
