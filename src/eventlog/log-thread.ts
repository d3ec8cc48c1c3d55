import { parentPort, workerData } from 'node:worker_threads';
import { EventLogError } from './event-log-file.ts';
import { readRecords } from './log-records.ts';
import { type FromLogThread, type LogThreadData, mostWaiting } from './log-thread-protocol.ts';
import { type RecordRows, RowWriter } from './record-rows.ts';

const post = (message: FromLogThread, moved: ArrayBuffer[] = []): void => parentPort?.postMessage(message, moved);

/** Reads one log, a few batches ahead of who takes them. */
async function run({ path, taken }: LogThreadData): Promise<void> {
  const takenBatches = new Int32Array(taken);
  let sent = 0;
  const writer = new RowWriter((rows: RecordRows) => {
    sent += 1;
    const { eventId, state, recordId, time, text, values } = rows;
    post(
      { kind: 'rows', rows },
      [eventId, state, recordId, time, text, values].map(({ buffer }) => buffer),
    );
  });
  const room = async (): Promise<void> => {
    for (;;) {
      const value = Atomics.load(takenBatches, 0);
      if (sent - value < mostWaiting) return;
      const waiting = Atomics.waitAsync(takenBatches, 0, value);
      if (waiting.async) await waiting.value;
    }
  };
  let told = 0;
  const onProgress = (fraction: number): void => {
    if (fraction - told < 0.01) return;
    told = fraction;
    post({ kind: 'progress', fraction });
  };
  try {
    const read = await readRecords(path, writer, { onProgress, betweenChunks: room });
    writer.flush();
    post({ kind: 'read', read });
  } catch (error) {
    if (!(error instanceof EventLogError)) throw error;
    // Records from before then count, as it does where no thread reads.
    writer.flush();
    const { because, code } = error;
    post({ kind: 'unreadable', because, code });
  }
}

await run(workerData as LogThreadData);
