import { azureError, isForbidden, isNotSignedIn } from '../azure/client/failure.ts';
import { type ExitCode, exitCode } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** What a person is told of an error that no command expected, and the exit code. */
export function describe(error: unknown): { message: string; exitCode: ExitCode } {
  const { status, code, message } = azureError(error);
  if (isNotSignedIn(error)) {
    return {
      message: 'not signed in. Run: az login (add --tenant for a customer’s tenant), or try --demo',
      exitCode: exitCode.notPermitted,
    };
  }
  if (isForbidden(error)) return { message: `not permitted: ${message}`, exitCode: exitCode.notPermitted };
  const name = error instanceof Error ? error.name : '';
  if (['CaseNotFoundError', 'CaseLockedError', 'WorldError', 'FaultsError', 'SimulatorStartError'].includes(name)) {
    return { message, exitCode: exitCode.usage };
  }
  if (name === 'TranscriptDamagedError') return { message, exitCode: exitCode.notVerified };
  const where = process.env.CORDON_DEBUG && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  return {
    message: `${printable([status || '', code, message].filter(Boolean).join(' '), 600)}${where}`,
    exitCode: exitCode.needsAttention,
  };
}
