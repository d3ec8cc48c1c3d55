import type { Entry } from '../documents/transcript.ts';
import { type IntentBody, readBody } from './bodies.ts';

/** A request that may have reached Azure, whose outcome the transcript does not know. */
export interface OpenIntent {
  entry: Entry;
  intent: IntentBody;
  /** Azure took it and began an operation, of whose end nothing is known. */
  accepted: boolean;
}

/** A request that the transcript says was done. */
export interface DoneIntent extends OpenIntent {
  /** The status of Azure's first answer; null when none came. */
  status: number | null;
}

/**
 * The intents without an outcome, oldest first: a crash, or an answer that never came. An outcome whose `ok` is null
 * settles nothing, unless it says that the resource was changed again since (`superseded`). Azure is asked about each,
 * by the resource's state and its client request id, and the outcome is appended.
 */
export async function openIntents(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<OpenIntent[]> {
  return (await intentsOf(entries)).open;
}

/** The intents whose outcome is not known, and those that were done, each oldest first. */
export async function intentsOf(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
): Promise<{ open: OpenIntent[]; done: DoneIntent[] }> {
  const open = new Map<string, OpenIntent>();
  const status = new Map<string, number>();
  const done: DoneIntent[] = [];
  for await (const entry of entries) {
    if (entry.kind === 'intent') {
      const intent = readBody(entry, 'intent') ?? remains(entry);
      open.set(intent.id, { entry, intent, accepted: false });
    }
    if (entry.kind !== 'outcome') continue;
    const { intent: id, ok, superseded } = entry.body;
    if (typeof id !== 'string') continue;
    if (typeof entry.body.status === 'number') status.set(id, entry.body.status);
    const known = open.get(id);
    if (known && entry.body.result === 'accepted') known.accepted = true;
    if (known && ok === true) done.push({ ...known, status: status.get(id) ?? null });
    if (typeof ok === 'boolean' || superseded === true) open.delete(id);
  }
  return { open: [...open.values()], done };
}

/** An intent that was written in a form this version does not know must not be overlooked. */
function remains(entry: Entry): IntentBody {
  const text = (name: string) => {
    const value = entry.body[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    id: text('id') || entry.hash,
    action: text('action'),
    step: text('step'),
    request: { method: '', url: '', apiVersion: '', body: null },
    clientRequestId: text('clientRequestId'),
  };
}
