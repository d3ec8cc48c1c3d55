import type { CaseReader } from '../casefile/case-store.ts';
import { exitCode, Failure } from '../failure.ts';
import { type CaseVerifyOptions, type CommandStreams, caseVerify } from './case.ts';
import { type ConnectionFlags, openConnection } from './options.ts';

export type VerifyFlags = ConnectionFlags & Omit<CaseVerifyOptions, 'azure'> & { azure?: boolean };

/** `cordon case verify ID`; with `--azure` Azure is asked what it keeps of the case, once the record holds by itself. */
export function verifyWithAzure(id: string, flags: VerifyFlags, streams: CommandStreams): Promise<number> {
  const { azure, ...options } = flags;
  if (azure !== true) return caseVerify(id, options, streams);
  return caseVerify(id, { ...options, azure: (found) => askAzure(found, flags) }, streams);
}

async function askAzure(found: CaseReader, flags: ConnectionFlags) {
  const opened = await openConnection(flags);
  try {
    if (found.header.demo !== opened.connection.simulated) {
      throw new Failure(
        found.header.demo
          ? `case ${found.id} is about the simulator: add --simulator URL`
          : `case ${found.id} is about Azure, not about the simulator`,
        exitCode.usage,
      );
    }
    const { anchorsInAzure } = await import('./anchors-in-azure.ts');
    return await anchorsInAzure(opened.connection, found);
  } finally {
    await opened.close();
  }
}
