import type { ActionContext, Verification } from '../playbook/action.ts';

/** Undoes each part in turn: one that fails is named, and the others are undone all the same. Throws when it was stopped. */
export async function undoneOneByOne<T>(
  { signal }: ActionContext,
  parts: readonly T[],
  { undo, failed }: { undo: (part: T) => Promise<Verification>; failed: (part: T) => string },
): Promise<Verification> {
  const results: Verification[] = [];
  for (const part of parts) {
    try {
      results.push(await undo(part));
    } catch (error) {
      if (signal.aborted) throw error;
      const because = error instanceof Error ? error.message : String(error);
      results.push({ ok: false, text: `${failed(part)}: ${because}` });
    }
  }
  return { ok: results.every(({ ok }) => ok === true), text: results.map(({ text }) => text).join(' ') };
}
