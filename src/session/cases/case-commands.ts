import type { Handlers } from '../commands.ts';
import { machineOf, type SessionState, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import { selectedRow } from '../suspects.ts';
import type { CaseWriting } from './case-writing.ts';

/** The VM that a note or the transcript is about; opens its case when that has not happened yet. */
function caseInHand(state: SessionState, cases: CaseWriting): string | null {
  const vmId = machineOf(state) ?? selectedRow(state)?.id ?? null;
  const row = state.scan.rows.find((one) => one.id === vmId);
  const vm = row?.vm ?? (vmId === null ? undefined : state.triages.get(vmId)?.vm);
  if (vm) cases.open(vm);
  return vmId;
}

function exportCase(holder: Holder, cases: CaseWriting): void {
  const vmId = machineOf(holder.get());
  if (vmId === null) return;
  const slot = holder.get().triages.get(vmId);
  // Notes that are written before the last answer say what the answers so far do.
  if (slot) cases.record(slot.part, true);
  cases.write(
    vmId,
    async (openCase) => holder.say(`Exported to ${await openCase.export()}`, 'good'),
    (because) => holder.say(`The case was not exported: ${because}`, 'bad'),
  );
}

/** Writes the responder's note, unless it is empty. */
export function enterNote(holder: Holder, cases: CaseWriting, vmId: string, text: string): void {
  if (text === '') return;
  cases.write(
    vmId,
    async (openCase) => {
      await openCase.note(text);
      holder.say('Noted in the case file.', 'good');
    },
    (because) => holder.say(`The note was not written: ${because}`, 'bad'),
  );
}

/** Asks for the authority that stamps the case in hand, or for the incident that its summary is put on. */
function askFor(holder: Holder, purpose: 'authority' | 'incident'): void {
  const vmId = machineOf(holder.get());
  if (vmId !== null) holder.push({ kind: 'input', purpose, text: '', before: '', vmId });
}

/**
 * Has an authority stamp the head of the VM's case. It is not written in the order of what else is written: an authority that
 * does not answer holds nothing back.
 */
export async function stampCase(holder: Holder, vmId: string, authority: string): Promise<void> {
  const openCase = holder.get().cases.get(vmId)?.openCase;
  if (!openCase) {
    holder.say('The case was not stamped: its file is not open.', 'bad');
    return;
  }
  holder.say('Asking the authority for a time stamp.');
  try {
    holder.say(await openCase.stamp(authority), 'good');
  } catch (error) {
    holder.say(`The case was not stamped: ${sentence(error)}`, 'bad');
  }
}

/** Notes, transcript and export of the case in hand. */
export function caseCommands(holder: Holder, cases: CaseWriting) {
  return {
    note() {
      const vmId = caseInHand(holder.get(), cases);
      if (vmId !== null) holder.push({ kind: 'input', purpose: 'note', text: '', before: '', vmId });
    },
    transcript() {
      const vmId = caseInHand(holder.get(), cases);
      if (vmId !== null) holder.push({ kind: 'transcript', vmId, selected: null, search: '', decided: false });
    },
    export: () => exportCase(holder, cases),
    decided() {
      const layer = top(holder.get());
      if (layer.kind === 'transcript') holder.replaceTop({ ...layer, decided: !layer.decided, selected: null });
    },
    'stamp-case': () => askFor(holder, 'authority'),
    'post-case': () => askFor(holder, 'incident'),
  } satisfies Partial<Handlers>;
}
