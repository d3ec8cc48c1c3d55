import type { CaseReader, CaseStore } from '../casefile/case-store.ts';
import { TranscriptDamagedError } from '../casefile/transcript.ts';
import type { Entry } from '../documents/transcript.ts';

/**
 * A case with all its entries, each whole: what undo needs of a large one is in its evidence. A last line that a crash cut
 * off is set aside first, as when the case is continued: it must not keep a change from being undone.
 */
export async function caseToUndo(store: CaseStore, id: string): Promise<{ reader: CaseReader; entries: Entry[] }> {
  try {
    return await readWhole(store, id);
  } catch (error) {
    if (!(error instanceof TranscriptDamagedError) || error.because !== 'is cut off') throw error;
    const file = await store.open(id);
    await file.release();
    return readWhole(store, id);
  }
}

async function readWhole(store: CaseStore, id: string): Promise<{ reader: CaseReader; entries: Entry[] }> {
  const reader = await store.read(id);
  const entries: Entry[] = [];
  for await (const entry of reader.entries()) entries.push({ ...entry, body: await reader.fullBody(entry) });
  return { reader, entries };
}
