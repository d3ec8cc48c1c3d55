import type { Connection } from '../azure/client/connection.ts';
import type { CaseReader } from '../casefile/case-store.ts';
import type { Verification } from '../casefile/verify.ts';
import { exitCode, Failure } from '../failure.ts';

/** Throws a Failure where a case is about the simulator and this is Azure, or the reverse; `add` says what helps. */
export function demandSameAzure(
  { id, header }: Pick<CaseReader, 'id' | 'header'>,
  { simulated }: Pick<Connection, 'simulated'>,
  add = '--demo, --world or --simulator',
): void {
  if (header.demo === simulated) return;
  throw new Failure(
    header.demo
      ? `case ${id} is about the simulator: add ${add}`
      : `case ${id} is about Azure, not about the simulator`,
    exitCode.usage,
  );
}

/** How a case verifies. Throws a Failure where it does not. */
export async function demandWhole(found: CaseReader): Promise<Verification & { ok: true }> {
  const whole = await found.verify();
  if (whole.ok) return whole;
  throw new Failure(`${found.id}: does not verify: line ${whole.line} ${whole.because}`, exitCode.notVerified);
}
