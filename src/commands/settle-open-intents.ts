import { type Resolution, resolveOpenIntents } from '../actions/open-intents.ts';
import type { Connection } from '../azure/client/connection.ts';
import type { CaseFile } from '../casefile/case-store.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import { printable } from '../text/printable.ts';

/**
 * Asks Azure what became of the requests that an earlier process left open in the case, writes their outcomes, and
 * says so, a line each. To be called when a case is opened again, before anything new is changed. Reads only.
 */
export async function settleOpenIntents(
  file: Pick<CaseFile, 'openIntents'>,
  log: CaseLog,
  connection: Connection,
  stderr: { write(text: string): unknown },
): Promise<Resolution[]> {
  const open = (await file.openIntents()).map(({ entry, intent }) => ({
    at: entry.at,
    id: intent.id,
    clientRequestId: intent.clientRequestId,
    request: { method: intent.request.method, url: intent.request.url, body: intent.request.body },
  }));
  const resolutions = await resolveOpenIntents(open, log, connection);
  for (const one of resolutions) stderr.write(`left open by an earlier run: ${printable(one.text, 300)}\n`);
  return resolutions;
}
