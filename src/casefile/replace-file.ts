import { rename } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode } from '../text/error-code.ts';

/** What replacing a file needs of its surroundings, so that a test can be Windows. */
export interface ReplaceSurroundings {
  platform: NodeJS.Platform;
  rename(from: string, to: string): Promise<void>;
  pause(milliseconds: number): Promise<unknown>;
}

const here: ReplaceSurroundings = { platform: process.platform, rename, pause };

/** Waits of together less than two seconds: a scanner or a reader holds a file for a few milliseconds. */
const waits = [5, 10, 20, 50, 100, 200, 400, 800];
const heldCodes = new Set(['EPERM', 'EACCES', 'EBUSY']);

/**
 * Gives a file the name of another one, which it replaces. Windows refuses that while a process has the other one open (a
 * reader, a virus scanner, an indexer): there it is tried again, within two seconds. Rejects as `rename` does.
 */
export async function replaceFile(from: string, to: string, surroundings: ReplaceSurroundings = here): Promise<void> {
  const tries = surroundings.platform === 'win32' ? waits : [];
  for (const wait of tries) {
    try {
      await surroundings.rename(from, to);
      return;
    } catch (error) {
      const code = errorCode(error);
      if (!heldCodes.has(code)) throw error;
      await surroundings.pause(wait);
    }
  }
  await surroundings.rename(from, to);
}
