import type { CaseReader } from '../casefile/case-store.ts';
import { type CaseVerifyOptions, type CommandStreams, caseVerify } from './case.ts';
import { demandSameAzure } from './case-demands.ts';
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
    demandSameAzure(found, opened.connection, '--simulator URL');
    const { anchorsInAzure } = await import('./anchors-in-azure.ts');
    return await anchorsInAzure(opened.connection, found);
  } finally {
    await opened.close();
  }
}
