import type { CaseReader } from '../casefile/case-store.ts';
import type { DiskImage } from '../casefile/disk-images.ts';
import { type CaseVerifyOptions, type CommandStreams, caseVerify } from './case.ts';
import { demandSameAzure } from './case-demands.ts';
import { onInterrupt } from './on-interrupt.ts';
import { type ConnectionFlags, openConnection } from './options.ts';

export type VerifyFlags = ConnectionFlags & Omit<CaseVerifyOptions, 'azure'> & { azure?: boolean };

/** `cordon case verify ID`; with `--azure` Azure is asked what it keeps of the case, once the record holds by itself. */
export function verifyWithAzure(id: string, flags: VerifyFlags, streams: CommandStreams): Promise<number> {
  const { azure, ...options } = flags;
  if (azure !== true) return caseVerify(id, options, streams);
  return caseVerify(
    id,
    { ...options, azure: (found) => askAzure(found, flags), readBlob: (image) => readBlob(image, flags) },
    streams,
  );
}

async function readBlob(image: DiskImage, flags: ConnectionFlags): Promise<string> {
  const opened = await openConnection(flags);
  const stop = new AbortController();
  const off = onInterrupt(() => stop.abort());
  try {
    const { againstDigest } = await import('../azure/readers/blob-digest.ts');
    return await againstDigest(opened.connection, image, stop.signal);
  } finally {
    off();
    await opened.close();
  }
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
