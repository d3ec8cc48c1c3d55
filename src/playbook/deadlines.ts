import type { Entry } from '../documents/transcript.ts';

/** A change that is undone by itself at a time, unless it is kept. */
export interface Deadline {
  /** The id of the step's record, by which it is undone. */
  record: string;
  step: string;
  playbook: string;
  /** When it is undone, ISO 8601 UTC. */
  at: string;
}

/** The body of the note that sets a deadline: in the record, so that it outlives the session that set it. */
export function deadlineNote(deadline: Deadline, vm: string): Record<string, unknown> {
  const text = `${deadline.step} on ${vm} is undone by itself at ${deadline.at}, unless it is kept`;
  return { text, deadline };
}

/** The body of the note that ends one: the change stays. */
export function keptNote(records: readonly string[]): Record<string, unknown> {
  return { text: 'The change is kept: it is no longer undone by itself.', kept: [...records] };
}

function deadlineOf(value: unknown): Deadline | null {
  if (typeof value !== 'object' || value === null) return null;
  const text = (name: string) => String(Reflect.get(value, name) ?? '');
  const deadline = { record: text('record'), step: text('step'), playbook: text('playbook'), at: text('at') };
  return deadline.record === '' || Number.isNaN(Date.parse(deadline.at)) ? null : deadline;
}

/** The deadlines of a case whose changes are neither kept nor undone yet, earliest first. */
export function pendingDeadlines(entries: readonly Pick<Entry, 'kind' | 'body'>[]): Deadline[] {
  const pending = new Map<string, Deadline>();
  for (const { kind, body } of entries) {
    const set = kind === 'note' ? deadlineOf(body.deadline) : null;
    if (set) pending.set(set.record, set);
    const kept = kind === 'note' && Array.isArray(body.kept) ? body.kept : [];
    for (const record of kept) pending.delete(String(record));
    if (kind === 'verify' && body.undo === true && body.ok === true) pending.delete(String(body.record ?? ''));
  }
  return [...pending.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
