import type { SessionState } from '../state.ts';

/**
 * Where the case file of a VM keeps the fact of that name as it was written last: "evidence/0014-exposure.json
 * sha256 9f2c…"; "" before it is written.
 */
export function heldEvidence(state: SessionState, vmId: string, name: string): string {
  const openCase = state.cases.get(vmId)?.openCase;
  // A case of several VMs names in each fact which of them it is about.
  const isMine = (about: unknown) =>
    typeof about !== 'object' ||
    about === null ||
    String(Reflect.get(about, 'id')).toLowerCase() === vmId.toLowerCase();
  const entry = openCase
    ?.entries()
    .findLast(({ kind, body }) => kind === 'fact' && body.name === name && isMine(body.vm));
  const [held] = openCase && entry ? openCase.evidenceOf(entry) : [];
  return held ? `${held.file}   sha256 ${held.sha256}` : '';
}
