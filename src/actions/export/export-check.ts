import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import type { ActionContext, Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { readSnapshot } from '../snapshot/disks.ts';
import { isBlob, storedImage } from './blob-image.ts';
import { type ExportState, exportState } from './settings.ts';
import { closeSnapshot, hasAccess, isClosed } from './snapshot-access.ts';

type Exported = NonNullable<ExportState['exported']>[number];

async function againstFile({ file, bytes }: Exported): Promise<string> {
  const there = await stat(file).catch(() => null);
  return there?.size === bytes ? '' : `${file} has ${there?.size ?? 'no'} bytes, not ${bytes}.`;
}

async function againstBlob(
  connection: Connection,
  { signal }: ActionContext,
  { file, bytes, sha256 }: Exported,
): Promise<string> {
  const there = await storedImage(connection, file, signal);
  if (there?.bytes !== bytes) return `${file} has ${there?.bytes ?? 'no'} bytes, not ${bytes}.`;
  return there.sha256 === sha256
    ? ''
    : `${file} names another SHA-256 than was made: ${printable(there.sha256, 80) || 'none'}.`;
}

/** Are the images as long as they must be, and are the snapshots closed? The digest was made of what was written. */
export async function verifyExport(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const { images, exported = [] } = exportState.parse(given);
  for (const one of exported) {
    const against = await (isBlob(one.file) ? againstBlob(connection, context, one) : againstFile(one));
    if (against !== '') return { ok: false, text: against };
  }
  for (const { snapshotId, opens, here } of images) {
    const body = here ? null : await readSnapshot(connection, snapshotId);
    if (!body) continue;
    const access = hasAccess(body);
    if (access === null) {
      return { ok: null, text: `Whether ${shortName(snapshotId)} can be read by a signed address Azure does not say.` };
    }
    if (access) return { ok: false, text: `${shortName(snapshotId)} can still be read by a signed address.` };
    if (opens && !isClosed(body)) return { ok: false, text: `${shortName(snapshotId)} is still open to export.` };
  }
  const told = exported.map(({ file, bytes, sha256 }) => `${basename(file)}: ${bytes} bytes, SHA-256 ${sha256}`);
  return { ok: true, text: `${told.join('; ')}. Access to the snapshots is ended.` };
}

/** Ends the access and closes the snapshots, where that is not so. The images stay. */
export async function undoExport(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const { images } = exportState.parse(given);
  const closed: string[] = [];
  for (const image of images.filter(({ here }) => !here)) {
    if ((await closeSnapshot(connection, context, image)) === 'closed') closed.push(shortName(image.snapshotId));
  }
  const text =
    closed.length > 0 ? `Access ended: ${closed.join(', ')}.` : 'Access to the snapshots had been ended already.';
  return { ok: true, text: `${text} The images stay where they are.` };
}
