import {
  type DoneChange,
  type Resolution,
  resolveOpenIntents,
  type UnansweredIntent,
} from '../actions/open-intents.ts';
import type { Connection } from '../azure/client/connection.ts';
import type { CaseFile, CaseStore } from '../casefile/case-store.ts';
import { openIntents } from '../casefile/recovery.ts';
import type { CaseLog } from '../playbook/case-log.ts';
import { printable } from '../text/printable.ts';

type WithIntents = Pick<CaseFile, 'intents'>;

/** How many earlier cases of a VM are looked at. */
const earlierCases = 20;

/** The requests of a case: those that are open, and those that were done. */
async function sentIn(file: WithIntents): Promise<{ open: UnansweredIntent[]; done: DoneChange[] }> {
  const intents = await file.intents();
  const open = intents.open.map(({ entry, intent, accepted }) => ({
    at: entry.at,
    seq: entry.seq,
    id: intent.id,
    clientRequestId: intent.clientRequestId,
    accepted,
    request: { method: intent.request.method, url: intent.request.url, body: intent.request.body },
  }));
  const done = intents.done.map(({ entry, intent, status }) => ({
    at: entry.at,
    seq: entry.seq,
    method: intent.request.method,
    url: intent.request.url,
    status,
  }));
  return { open, done };
}

/**
 * Asks Azure what became of the requests that an earlier process left open in the case, writes their outcomes, and
 * says so, a line each. To be called when a case is opened again, before anything new is changed. Reads only.
 */
export async function settleOpenIntents(
  file: WithIntents,
  log: CaseLog,
  connection: Connection,
  stderr: { write(text: string): unknown },
  also: readonly DoneChange[] = [],
): Promise<Resolution[]> {
  const { open, done } = await sentIn(file);
  const resolutions = await resolveOpenIntents(open, [...done, ...also], log, connection);
  for (const one of resolutions) stderr.write(`left open by an earlier run: ${printable(one.text, 300)}\n`);
  return resolutions;
}

/**
 * The same for the VM's earlier cases: a day ends at midnight UTC, and what was left open does not. Each outcome is
 * written to the case that its intent is in. A case that another process writes to, or that is damaged, is left.
 */
export async function settleEarlierCases(
  about: { store: CaseStore; vmId: string; current: WithIntents & { id: string }; demo: boolean },
  logOf: (file: CaseFile) => CaseLog,
  connection: Connection,
  stderr: { write(text: string): unknown },
): Promise<Resolution[]> {
  const { store, vmId, current, demo } = about;
  const mine = (await store.list()).filter(
    ({ id, vm, writer, unreadable, demo: about }) =>
      id !== current.id &&
      vm.id.toLowerCase() === vmId.toLowerCase() &&
      writer === null &&
      unreadable === '' &&
      about === demo,
  );
  const resolutions: Resolution[] = [];
  for (const { id } of mine.slice(0, earlierCases)) {
    try {
      const reader = await store.read(id);
      if ((await openIntents(reader.entries())).length === 0) continue;
      const file = await store.open(id);
      try {
        const { done } = await sentIn(current);
        const told = { write: (text: string) => stderr.write(`case ${id}: ${text}`) };
        resolutions.push(...(await settleOpenIntents(file, logOf(file), connection, told, done)));
      } finally {
        await file.release();
      }
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      stderr.write(`case ${id}: what it left open could not be settled: ${printable(because, 300)}\n`);
    }
  }
  return resolutions;
}
