import { type Frame, frameOf } from '../kql/frame.ts';
import { EvidenceError } from './evidence-error.ts';
import type { EvidencePart } from './evidence-parts.ts';
import { type QueryProgress, Reading } from './reading.ts';
import { sourcesOf } from './sources-of.ts';
import { type RowTaker, TableBuilder } from './table-builder.ts';

/** Rows of a piece, of what is not read in pieces of its own. */
const PIECE_ROWS = 4096;

export interface ReadPart {
  rows: number;
  /** Remarks on the file, one line each: damage, values that can be none of their type. */
  notes: string[];
}

/**
 * The rows of a part, piece by piece, and at the end how many there were. No more is read than is asked for. Throws
 * EvidenceError, also where the file is no longer the one that was digested.
 */
export async function* rowsOfPart(
  part: EvidencePart,
  onProgress: (progress: QueryProgress) => void,
): AsyncGenerator<Frame, ReadPart> {
  const reading = new Reading([part.file], onProgress);
  reading.learned.set(part.file.path, new Map(part.columns.map(({ name, type }) => [name, type])));
  await reading.begin();
  const [opened] = await sourcesOf(reading);
  const all = new Set(part.columns.map(({ name }) => name));
  const notes: string[] = [];
  let rows = 0;
  if (opened?.text) {
    const { text } = opened;
    const wanted = { columns: part.columns, needed: all, open: new Set(part.open) };
    await reading.attempt(part.file, () => text.describe());
    for await (const frame of text.passing(wanted)) {
      rows += frame.length;
      yield frame;
    }
    notes.push(...text.notes);
  } else if (opened) {
    const { source } = opened;
    yield* handedOn<Frame>(async (give) => {
      const taker: RowTaker = {
        rows: PIECE_ROWS,
        take: (table) => {
          rows += table.length;
          return give(frameOf(table));
        },
      };
      const builder = new TableBuilder(part.table, part.columns, all, taker);
      await source.describe(() => {});
      const read = await reading.attempt(part.file, () =>
        source.read(new Map([[part.table, builder]]), reading.progress),
      );
      await builder.handOnRest();
      notes.push(...(read ?? []));
    });
  }
  const [digest] = await reading.end();
  if (digest?.sha256 !== part.digest.sha256)
    throw new EvidenceError(part.file.path, 'the file is another than when it was digested: it is being written');
  return { rows, notes: [...notes, ...reading.notes] };
}

/** What a piece of work gives, one after the other: it waits till each is taken. Where nobody takes more, it is ended. */
async function* handedOn<T>(work: (give: (item: T) => Promise<void>) => Promise<void>): AsyncGenerator<T, void> {
  let offered: { item: T; taken(): void; refused(error: Error): void } | undefined;
  let given: typeof offered;
  let wake = (): void => {};
  let end: { error?: unknown } | undefined;
  let left = false;
  const nobody = new Error('nobody takes the rows any more');
  const give = (item: T): Promise<void> =>
    new Promise((taken, refused) => {
      if (left) return refused(nobody);
      offered = { item, taken, refused };
      wake();
    });
  const running = work(give).then(
    () => {
      end = {};
    },
    (error: unknown) => {
      end = { error };
    },
  );
  void running.then(() => wake());
  try {
    for (;;) {
      given = offered;
      offered = undefined;
      if (given) {
        yield given.item;
        given.taken();
      } else if (end) {
        if ('error' in end) throw end.error;
        return;
      } else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (offered || end) resolve();
        });
    }
  } finally {
    left = true;
    // Those that are settled already stay so.
    for (const one of [given, offered]) one?.refused(nobody);
    await running;
  }
}
