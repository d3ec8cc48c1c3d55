import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import type { ActionContext, Verification } from '../../playbook/action.ts';
import { readSnapshot } from '../snapshot/disks.ts';
import { exportState } from './settings.ts';
import { closeSnapshot, hasAccess, isClosed } from './snapshot-access.ts';

/** Are the files as long as they must be, and are the snapshots closed? The digest was made of what was written. */
export async function verifyExport(connection: Connection, given: Record<string, unknown>): Promise<Verification> {
  const { images, exported = [] } = exportState.parse(given);
  for (const { file, bytes } of exported) {
    const there = await stat(file).catch(() => null);
    if (there?.size !== bytes) return { ok: false, text: `${file} has ${there?.size ?? 'no'} bytes, not ${bytes}.` };
  }
  for (const { snapshotId, opens, here } of images) {
    const body = here ? null : await readSnapshot(connection, snapshotId);
    if (!body) continue;
    if (hasAccess(body)) return { ok: false, text: `${shortName(snapshotId)} can still be read by a signed address.` };
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
