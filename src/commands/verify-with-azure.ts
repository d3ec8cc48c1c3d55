import type { Connection } from '../azure/client/connection.ts';
import type { CaseReader } from '../casefile/case-store.ts';
import type { DiskImage } from '../casefile/disk-images.ts';
import { type CaseVerifyOptions, type CommandStreams, caseVerify } from './case.ts';
import { demandSameAzure } from './case-demands.ts';
import { onInterrupt } from './on-interrupt.ts';
import { type ConnectionFlags, type Opened, openConnection } from './options.ts';

export type VerifyFlags = ConnectionFlags & Omit<CaseVerifyOptions, 'azure'> & { azure?: boolean };

/** `cordon case verify ID`; with `--azure` Azure is asked what it keeps of the case, once the record holds by itself. */
export async function verifyWithAzure(id: string, flags: VerifyFlags, streams: CommandStreams): Promise<number> {
  const { azure, ...options } = flags;
  if (azure !== true) return caseVerify(id, options, streams);
  let opened: Opened | undefined;
  // One way to Azure for all that is asked, opened with the first question.
  const connected = async () => {
    opened ??= await openConnection(flags);
    return opened.connection;
  };
  try {
    return await caseVerify(
      id,
      {
        ...options,
        azure: async (found) => askAzure(found, await connected()),
        readBlob: async (image) => readBlob(image, await connected()),
      },
      streams,
    );
  } finally {
    await opened?.close();
  }
}

async function readBlob(image: DiskImage, connection: Connection): Promise<string> {
  const stop = new AbortController();
  const off = onInterrupt(() => stop.abort());
  try {
    const { againstDigest } = await import('../azure/readers/blob-digest.ts');
    return await againstDigest(connection, image, stop.signal);
  } finally {
    off();
  }
}

async function askAzure(found: CaseReader, connection: Connection) {
  demandSameAzure(found, connection, '--simulator URL');
  const { anchorsInAzure } = await import('./anchors-in-azure.ts');
  return anchorsInAzure(connection, found);
}
