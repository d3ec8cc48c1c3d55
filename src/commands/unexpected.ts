import { azureError, gapOf, isForbidden, isNotSignedIn } from '../azure/client/failure.ts';
import { type ExitCode, exitCode } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** Errors of Azure's client, by which no answer of Azure came: `gapOf` has words for each. */
const ofTheClient = new Set(['RestError', 'TimeLimitExceeded', 'PartialAnswer', 'NotInThisCloud']);

/** The text shown for an error that no command expected, and the exit code. */
export function describe(error: unknown): { message: string; exitCode: ExitCode } {
  const { status, code, message } = azureError(error);
  // What Azure or Entra refuses has a cause and a cure, and both are in the first lines.
  if (isNotSignedIn(error) || isForbidden(error)) {
    const { because, cure } = gapOf(error);
    return { message: `${because}: ${cure}`, exitCode: exitCode.notPermitted };
  }
  const name = error instanceof Error ? error.name : '';
  if (status > 0 || ofTheClient.has(name)) {
    const { because, cure } = gapOf(error);
    return { message: `${because}: ${cure}`, exitCode: exitCode.needsAttention };
  }
  if (['CaseNotFoundError', 'CaseLockedError', 'WorldError', 'FaultsError', 'SimulatorStartError'].includes(name)) {
    return { message, exitCode: exitCode.usage };
  }
  if (name === 'TranscriptDamagedError') return { message, exitCode: exitCode.notVerified };
  const where = process.env.CORDON_DEBUG && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  return {
    message: `${printable([status || '', code, message].filter(Boolean).join(' '), 2000)}${where}`,
    exitCode: exitCode.needsAttention,
  };
}
