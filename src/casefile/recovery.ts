import type { Entry } from '../documents/transcript.ts';
import { type IntentBody, readBody } from './bodies.ts';

/** A request that may have reached Azure, whose outcome the transcript does not know. */
export interface OpenIntent {
  entry: Entry;
  intent: IntentBody;
}

/**
 * The intents without an outcome, oldest first: a crash, or an answer that never came (an outcome whose `ok` is null
 * settles nothing). Azure is asked about each, by its client request id and the resource's state, and the outcome
 * is appended.
 */
export async function openIntents(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<OpenIntent[]> {
  const open = new Map<string, OpenIntent>();
  for await (const entry of entries) {
    if (entry.kind === 'intent') {
      const intent = readBody(entry, 'intent') ?? remains(entry);
      open.set(intent.id, { entry, intent });
    }
    const { intent: id, ok } = entry.body;
    if (entry.kind === 'outcome' && typeof id === 'string' && typeof ok === 'boolean') open.delete(id);
  }
  return [...open.values()];
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
