import { once } from 'node:events';
import { constants, createGzip } from 'node:zlib';
import { exitCode, Failure } from '../failure.ts';
import { counted } from '../text/counts.ts';
import type { ClusterClient } from './cluster-client.ts';
import { ingestCommand, type WayName } from './cluster-table.ts';
import type { IngestionService, QueuedMessage } from './ingestion-service.ts';
import type { Patience } from './patience.ts';

/** The table that a piece goes into, and the tag by which it is there once. */
export interface PieceTarget {
  database: string;
  table: string;
  tag: string;
}

/** A piece that is being filled. */
export interface Piece {
  /** Adds lines of CSV, each with its end. */
  add(csv: string): Promise<void>;
  /** Sends it; resolves when the cluster, or its queue, has it. */
  send(rows: number): Promise<void>;
}

/** A way into a cluster. A piece may be sent again whatever became of it: it is taken once. */
export interface Way {
  readonly name: WayName;
  /** Bytes of CSV in a piece. A table is gone on with by pieces that are cut alike. */
  readonly pieceBytes: number;
  /** Pieces under way at once. */
  readonly atOnce: number;
  begin(target: PieceTarget): Piece;
  /** Did an earlier run send this piece, so that it is still on its way? It is waited for then, and not sent again. */
  onItsWay(tag: string): Promise<boolean>;
  /** Resolves when all that was sent is in the table; `present` gives the tags that are there. Throws Failure. */
  arrived(present: () => Promise<ReadonlySet<string>>): Promise<void>;
}

/** A piece is one command, whose whole text the cluster parses; a value of the longest kind and its row fit. */
const INLINE_BYTES = 1024 * 1024;
/** The smallest cluster takes one ingestion for each core ("Capacity policy", 2024-08-11). */
const INLINE_AT_ONCE = 2;

/** `.ingest inline`, which each cluster and the emulator take; an answer says that the rows are there. */
export const inlineWay = (client: ClusterClient, patience: Patience, pieceBytes = INLINE_BYTES): Way => ({
  name: 'inline',
  pieceBytes,
  atOnce: INLINE_AT_ONCE,
  begin({ database, table, tag }) {
    const added: string[] = [];
    return {
      add: async (csv) => void added.push(csv),
      send: async () => {
        const command = ingestCommand(table, tag, added.join(''));
        await patience.again(() => client.command(database, command, patience.signal));
      },
    };
  },
  onItsWay: async () => false,
  arrived: async () => {},
});

/** Of CSV, which is a tenth compressed: a slow line sends it within the time of one request, and few extents come of it. */
const QUEUED_BYTES = 64 * 1024 * 1024;
const QUEUED_AT_ONCE = 2;
/** Waits between two looks at what has arrived, and how long nothing may arrive: the service itself tries again for long. */
const FIRST_LOOK_MS = 1000;
const LONGEST_LOOK_MS = 15_000;
const NOTHING_ARRIVES_MS = 20 * 60_000;

/** The queue of the ingestion service: see IngestionService. */
export function queuedWay(service: IngestionService, patience: Patience, pieceBytes = QUEUED_BYTES): Way {
  const signal = patience.signal ?? new AbortController().signal;
  const sent = new Map<string, QueuedMessage>();
  const attempts = new Map<string, number>();
  return {
    name: 'queued',
    pieceBytes,
    atOnce: QUEUED_AT_ONCE,
    begin(target) {
      const packer = createGzip({ level: constants.Z_BEST_SPEED });
      const chunks: Buffer[] = [];
      let rawBytes = 0;
      packer.on('data', (chunk: Buffer) => chunks.push(chunk));
      return {
        async add(csv) {
          rawBytes += Buffer.byteLength(csv);
          if (!packer.write(csv)) await once(packer, 'drain');
        },
        async send(rows) {
          packer.end();
          await once(packer, 'end');
          const piece = { ...target, rows, rawBytes, bytes: Buffer.concat(chunks) };
          sent.set(target.tag, await patience.again(() => service.send(piece, attempts.get(target.tag) ?? 0, signal)));
        },
      };
    },
    async onItsWay(tag) {
      const { attempt, waiting } = await patience.again(() => service.earlier(tag, NOTHING_ARRIVES_MS, signal));
      attempts.set(tag, attempt);
      if (waiting) sent.set(tag, waiting);
      return waiting !== undefined;
    },
    async arrived(present) {
      let [waited, pause, left] = [0, FIRST_LOOK_MS, Number.POSITIVE_INFINITY];
      for (;;) {
        const there = await present();
        const missing = [...sent].filter(([tag]) => !there.has(tag));
        if (missing.length === 0) return;
        for (const [tag, message] of missing) {
          const { state, because } = await patience.again(() => service.statusOf(message, signal));
          if (state === 'failed')
            throw new Failure(`the cluster did not take the piece ${tag}: ${because}`, exitCode.needsAttention);
        }
        if (missing.length < left) [waited, pause] = [0, FIRST_LOOK_MS];
        left = missing.length;
        if (waited >= NOTHING_ARRIVES_MS)
          throw new Failure(
            `${counted(missing.length, 'piece')} of ${sent.size} that were queued ${missing.length === 1 ? 'is' : 'are'} not in the table yet, and none came in ${NOTHING_ARRIVES_MS / 60_000} minutes: ask again later, which goes on with what is there`,
            exitCode.needsAttention,
          );
        await patience.wait(pause, signal);
        waited += pause;
        pause = Math.min(LONGEST_LOOK_MS, pause * 2);
      }
    },
  };
}

/** Smaller files are there before a queue has looked at them; of larger ones each command is an extent more. */
const QUEUED_FROM_BYTES = 64 * 1024 * 1024;

export interface Choice {
  name: WayName;
  /** Why it is this one, in a few words. */
  because: string;
}

/**
 * By which way evidence goes into a cluster: the one that a table was begun by, the one that was asked for, or the one that fits
 * its size. Throws Failure where the one that is needed is not there.
 */
export async function chooseWay(
  service: Pick<IngestionService, 'exists'>,
  { begun, wanted, bytes }: { begun: WayName | undefined; wanted: WayName | undefined; bytes: number },
): Promise<Choice> {
  const asked = begun ?? wanted;
  if (asked === 'inline') return { name: 'inline', because: begun ? 'as it was begun' : 'as asked' };
  if (asked === undefined && bytes < QUEUED_FROM_BYTES) return { name: 'inline', because: 'its size' };
  if (await service.exists())
    return { name: 'queued', because: begun ? 'as it was begun' : asked ? 'as asked' : 'its size' };
  if (asked === 'queued')
    throw new Failure(
      begun
        ? 'the evidence was begun by queued ingestion, and the cluster has no ingestion service now: --ingestion inline writes it anew'
        : 'the cluster has no ingestion service, as an emulator has none: leave out --ingestion queued',
    );
  return { name: 'inline', because: 'the cluster has no ingestion service' };
}
