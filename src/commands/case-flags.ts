import { Failure } from '../failure.ts';
import type { CaseFlags } from './into-case.ts';

/** The case that `--case` names, undefined without it. `--cases` alone would be passed over in silence. */
export function caseFlags({ case: id, cases }: { case?: string; cases?: string }): CaseFlags | undefined {
  if (id !== undefined) return { case: id, ...(cases === undefined ? {} : { cases }) };
  if (cases !== undefined) throw new Failure('--cases tells where the case of --case ID is kept: name the case too');
  return undefined;
}
