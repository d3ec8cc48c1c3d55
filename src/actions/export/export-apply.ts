import { dirname } from 'node:path';
import { textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { storageVersion } from '../../azure/client/storage.ts';
import { type ActionContext, type ActionPlan, StalePlan } from '../../playbook/action.ts';
import { send } from '../operation.ts';
import { readSnapshot } from '../snapshot/disks.ts';
import { BlobImage, type BlobManifest, isBlob, storedImage } from './blob-image.ts';
import { freeBytes, hashOf, ImageFile, type ImageManifest, leavesOutZeros, wholeImage } from './image-file.ts';
import { type Fill, inOrder } from './in-order.ts';
import { type ExportState, exportState, type PlannedImage, sizeText, timeText } from './settings.ts';
import { type BlobHead, SignedBlob } from './signed-blob.ts';
import { accessTo, closeSnapshot, openSnapshot } from './snapshot-access.ts';
import { allPieces, type WrittenPieces, writtenPieces } from './written-pieces.ts';

/** How often progress is shown. */
const eachMs = 1000;

/** Shows how far it is, how fast, and how long it will take. The first bytes may be here already, and are read again. */
function teller(context: ActionContext, name: string, of: number, here: number) {
  let since = { ms: performance.now(), done: 0 };
  let shown = Number.NEGATIVE_INFINITY;
  return (done: number) => {
    const now = performance.now();
    if (done <= here) since = { ms: now, done };
    if (now - shown < eachMs && done < of) return;
    shown = now;
    if (done < here) {
      context.progress({ fraction: done / of, text: `${name}: the ${sizeText(here)} that are here are read again` });
      return;
    }
    const rate = ((done - since.done) / Math.max(1, now - since.ms)) * 1000;
    const left = rate > 0 ? `, ${timeText((of - done) / rate)} left` : '';
    const text = `${name}: ${sizeText(done)} of ${sizeText(of)} at ${sizeText(rate)}/s${left}`;
    context.progress({ fraction: of > 0 ? done / of : null, text });
  };
}

/** The manifest of an image that is a blob, as its properties tell. Throws when it is not the one of the plan any more. */
async function checkBlob(
  connection: Connection,
  { signal }: ActionContext,
  { file, snapshotId, diskId, taken }: PlannedImage,
): Promise<BlobManifest> {
  const stored = await storedImage(connection, file, signal);
  if (stored?.snapshot !== snapshotId.toLowerCase())
    throw new StalePlan(`${file} is not the image any more that it was.`);
  const { bytes, sha256, md5, etag } = stored;
  const finished = connection.clock.now().toISOString();
  return {
    schema: 'cordon.blob/1',
    file,
    bytes,
    sha256,
    md5,
    etag,
    snapshot: snapshotId,
    disk: diskId,
    taken,
    finished,
  };
}

/** Which pieces the storage has bytes of; all where they are all to be read. */
function toTransfer(context: ActionContext, image: PlannedImage, blob: SignedBlob, head: BlobHead) {
  if (image.everyPage) return allPieces(head.bytes);
  context.progress({ fraction: null, text: `${shortName(image.snapshotId)}: which pages were ever written is asked` });
  return writtenPieces(blob, head, context.signal);
}

/** Fills a piece with what the storage has of it, or with the zeros that it is. */
const filling =
  (blob: SignedBlob, head: BlobHead, written: WrittenPieces): Fill =>
  async (first, into, signal) => {
    if (written.has(first)) await blob.fill(head, first, into, signal);
    else into.fill(0);
  };

/** Reads the blob of a snapshot into a blob of the responder's: blocks that an earlier upload sent are not sent again. */
async function upload(
  connection: Connection,
  context: ActionContext,
  image: PlannedImage,
  blob: SignedBlob,
  head: BlobHead,
): Promise<BlobManifest> {
  const { snapshotId, file, bytes } = image;
  const name = shortName(snapshotId);
  if (file.endsWith('.vhd') && head.bytes < bytes) {
    throw new Error(`the storage has ${head.bytes} bytes of ${name}, whose disk has ${bytes}`);
  }
  const written = await toTransfer(context, image, blob, head);
  const about = { snapshot: snapshotId, bytes: head.bytes };
  const change = { url: file, apiVersion: storageVersion, requestBody: about };
  await send(connection, context, `upload of ${name}`, () =>
    connection.uploading(change, async (request) => {
      const target = await BlobImage.open(connection, {
        url: file,
        bytes: head.bytes,
        request,
        signal: context.signal,
      });
      const tell = teller(context, name, head.bytes, 0);
      try {
        for await (const piece of inOrder(target.pieces, filling(blob, head, written), context.signal)) {
          await target.append(piece);
          tell(target.done);
        }
        const { end, refused } = await target.finish({ snapshot: snapshotId, caseId: context.caseId });
        if (refused) throw Object.assign(refused, { end });
        return end;
      } finally {
        target.close();
      }
    }),
  );
  return checkBlob(connection, context, image);
}

/** An image that is here: its bytes are read, and must be those that its manifest vouches for. */
async function checkHere(context: ActionContext, { file, snapshotId }: PlannedImage): Promise<ImageManifest> {
  const manifest = await wholeImage(file);
  if (manifest === null) throw new StalePlan(`${file} is not there any more, or not whole.`);
  const tell = teller(context, shortName(snapshotId), manifest.bytes, manifest.bytes);
  if ((await hashOf(file, manifest.bytes, tell)) === manifest.sha256) return manifest;
  throw new Error(`${file} was changed since it was exported: its SHA-256 is not the one of ${manifest.finished}`);
}

/** Reads the blob into the file, from where an earlier export was broken off. */
async function copy(
  connection: Connection,
  context: ActionContext,
  image: PlannedImage,
  blob: SignedBlob,
  head: BlobHead,
): Promise<ImageManifest> {
  const { snapshotId, diskId, taken, file, bytes } = image;
  const name = shortName(snapshotId);
  if (file.endsWith('.vhd') && head.bytes < bytes) {
    throw new Error(`the storage has ${head.bytes} bytes of ${name}, whose disk has ${bytes}`);
  }
  const written = await toTransfer(context, image, blob, head);
  const target = await ImageFile.open(file, { snapshot: snapshotId, ...head });
  try {
    const free = await freeBytes(dirname(file));
    const needed = leavesOutZeros ? written.bytesFrom(target.kept) : head.bytes - target.kept;
    if (free < needed) throw new Error(`${dirname(file)} has ${sizeText(free)} left, ${sizeText(needed)} are needed`);
    const tell = teller(context, name, head.bytes, target.kept);
    const fromBlob = filling(blob, head, written);
    const fill: Fill = (first, into, signal) =>
      first < target.kept ? target.reread(first, into) : fromBlob(first, into, signal);
    for await (const piece of inOrder(target.pieces, fill, context.signal)) {
      await target.append(piece);
      tell(target.done);
    }
    const finished = connection.clock.now().toISOString();
    return await target.finish({ disk: diskId, taken, finished, transferred: written.bytesFrom(0) });
  } catch (error) {
    // Kept for the next time; where even that fails, the first failure is what matters.
    await target.flush().catch(() => undefined);
    throw error;
  } finally {
    await target.close();
  }
}

/** For what must be ended although the run was stopped: nobody is asked, and it takes no longer than an operation may. */
const unstoppable = ({ askToWait: _, ...context }: ActionContext, connection: Connection): ActionContext => ({
  ...context,
  signal: AbortSignal.timeout(connection.operationLimitMs),
});

async function exportOne(
  connection: Connection,
  context: ActionContext,
  image: PlannedImage,
): Promise<ImageManifest | BlobManifest> {
  const { snapshotId, taken, opens } = image;
  const body = await readSnapshot(connection, snapshotId);
  if (!body || textAt(body, 'properties', 'timeCreated') !== taken) {
    throw new StalePlan(`${shortName(snapshotId)} is not the snapshot any more that it was.`);
  }
  let failure: { error: unknown } | null = null;
  try {
    if (opens) await openSnapshot(connection, context, snapshotId);
    const blob = new SignedBlob(connection, await accessTo(connection, context, snapshotId));
    try {
      const head = await blob.head(context.signal);
      return await (isBlob(image.file) ? upload : copy)(connection, context, image, blob, head);
    } finally {
      blob.close();
    }
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    context.progress({ fraction: null, text: `${shortName(snapshotId)}: access to it is ended` });
    const last = unstoppable(context, connection);
    await connection
      .until(last.signal, () => closeSnapshot(connection, last, image))
      .catch((error: unknown) => {
        // The undo that follows a failure tries again, and says so.
        if (failure === null) throw error;
      });
  }
}

const checkThere = (connection: Connection, context: ActionContext, image: PlannedImage) =>
  isBlob(image.file) ? checkBlob(connection, context, image) : checkHere(context, image);

/** Exports one snapshot after another, and keeps the digest of each in the case as soon as it is known. */
export async function applyExport(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const state = exportState.parse(planned.state);
  const exported: NonNullable<ExportState['exported']> = [];
  for (const image of state.images) {
    if (image.file === '') throw new Error('there is no folder to write to: give one with --to');
    const manifest = image.here
      ? await checkThere(connection, context, image)
      : await exportOne(connection, context, image);
    await context.keep(isBlob(image.file) ? 'disk-blob' : 'disk-image', manifest);
    exported.push({ file: manifest.file, bytes: manifest.bytes, sha256: manifest.sha256 });
  }
  return { ...state, exported } satisfies ExportState;
}
