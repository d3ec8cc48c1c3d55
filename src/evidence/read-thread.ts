import { createHash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { contentOf } from '../archives/open-file.ts';
import type { Table } from '../kql/table.ts';
import { CodedColumns } from './coded-columns.ts';
import { addStripe } from './event-logs.ts';
import { fileFailure } from './evidence-error.ts';
import type { BytesTask, FromReadThread, ReadTask, RowsTask } from './read-protocol.ts';
import { rowSource } from './row-source.ts';
import { TableBuilder } from './table-builder.ts';
import { ThreadSide } from './thread-side.ts';
import { UncachedFile } from './uncached.ts';
import type { WatchedData } from './watched-thread.ts';

/** Rows of a piece. */
const PIECE_ROWS = 8192;
/** Pieces of rows that wait to be taken. */
const AHEAD = 3;
/** Bytes after which something is said, if only how many they are. */
const SILENT_BYTES = 4 * 1024 * 1024;

const side = new ThreadSide(workerData as WatchedData<undefined>);
const say = (message: FromReadThread, moved: readonly ArrayBuffer[] = []): void => side.say(message, moved);

/** Waits until all but `most` of the pieces are taken. Nothing else is to be done here meanwhile. */
function untilTaken(taken: Int32Array, said: number, most: number): void {
  for (let count = Atomics.load(taken, 0); said - count >= most; count = Atomics.load(taken, 0))
    Atomics.wait(taken, 0, count);
}

/** Hands on the bytes of a file on disk; the next are read while those before are digested. */
async function readUncached({ path, slots, taken, digest }: BytesTask): Promise<void> {
  const counts = new Int32Array(taken);
  const hash = digest ? createHash('sha256') : undefined;
  const file = await UncachedFile.open(path);
  const next = async (n: number): Promise<Uint8Array> => {
    const slot = slots[n % slots.length] ?? new Uint8Array(0);
    return slot.subarray(0, await file.next(slot));
  };
  try {
    let coming = next(0);
    for (let said = 0; ; said++) {
      const piece = await coming;
      if (piece.length === 0) break;
      untilTaken(counts, said, slots.length - 1);
      coming = next(said + 1);
      // It is waited for in the next turn; what fails before that is no less noticed.
      coming.catch(() => {});
      hash?.update(piece);
      say({ kind: 'bytes', length: piece.length, read: piece.length });
    }
  } finally {
    await file.close();
  }
  say({ kind: 'end', read: 0, sha256: hash?.digest('hex'), notes: [] });
}

async function readBytes(task: BytesTask): Promise<void> {
  if (task.uncached) return readUncached(task);
  const { path, slots, taken } = task;
  const counts = new Int32Array(taken);
  const hash = createHash('sha256');
  let [read, ended, said, length] = [0, false, 0, 0];
  const content = await contentOf(path, {
    stored: (bytes) => {
      hash.update(bytes);
      read += bytes.length;
    },
    ended: () => {
      ended = true;
    },
  });
  const handOn = (): void => {
    if (length === 0) return;
    say({ kind: 'bytes', length, read });
    said += 1;
    [read, length] = [0, 0];
  };
  try {
    for await (const piece of content) {
      for (let at = 0; at < piece.length; ) {
        const slot = slots[said % slots.length];
        if (!slot) return;
        if (length === 0) untilTaken(counts, said, slots.length);
        const copied = Math.min(piece.length - at, slot.length - length);
        slot.set(piece.subarray(at, at + copied), length);
        length += copied;
        at += copied;
        if (length === slot.length) handOn();
      }
    }
  } finally {
    // Bytes before damage count.
    handOn();
  }
  say({ kind: 'end', read, sha256: ended ? hash.digest('hex') : undefined, notes: [] });
}

async function readRows({ file, table, columns, needed, eventIds, taken, stripe, before }: RowsTask): Promise<void> {
  const counts = new Int32Array(taken);
  const coded = new CodedColumns(columns);
  let [read, said] = [0, 0];
  const take = (rows: Table): Promise<void> => {
    const made = coded.piece(rows);
    untilTaken(counts, said, AHEAD);
    say({ kind: 'rows', rows: rows.length, columns: made, read }, codesOf(made));
    said += 1;
    read = 0;
    return Promise.resolve();
  };
  const builder = new TableBuilder(table, columns, needed, { rows: PIECE_ROWS, take });
  const progress = (bytes: number): void => {
    read += bytes;
    if (read < SILENT_BYTES) return;
    say({ kind: 'read', read });
    read = 0;
  };
  let notes: string[] = [];
  try {
    const builders = new Map([[table, builder]]);
    if (stripe) {
      const ended = await addStripe(
        { file: file.path, stripe, eventIds },
        builders,
        progress,
        async (block, timeless) => {
          await builder.handOnRest();
          say({ kind: 'block', block, timeless });
        },
      );
      await builder.handOnRest();
      say({ kind: 'stripe', ...ended });
    } else notes = await rowSource(file, undefined, before).read(builders, progress, eventIds);
  } finally {
    // Rows before damage count.
    await builder.handOnRest();
  }
  say({ kind: 'end', read, sha256: undefined, notes });
}

const codesOf = (columns: ReturnType<CodedColumns['piece']>): ArrayBuffer[] =>
  columns.flatMap(({ codes }) => (codes ? [codes.buffer as ArrayBuffer] : []));

side.port.on('message', (task: ReadTask) => {
  const path = task.kind === 'bytes' ? task.path : task.file.path;
  (task.kind === 'bytes' ? readBytes(task) : readRows(task)).catch((error: unknown) => {
    say({ kind: 'error', message: fileFailure(path, error).message });
  });
});
side.started();
