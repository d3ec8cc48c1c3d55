import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { errorCode } from '../text/error-code.ts';
import type { UnreadFile } from './evidence-files.ts';

/** Collections of whole systems have some 100,000 files; a loop of mounts has any number. */
const mostFiles = 500_000;
const deepest = 64;

const reasons: Record<string, string> = {
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EIO: 'it cannot be read: the disk reports an error',
};
const because = (error: unknown): string => {
  const code = errorCode(error);
  return reasons[code] ?? `it cannot be read (${code || String(error)})`;
};

/**
 * The files of a folder and of those in it, in the order of their names. Symbolic links are not followed: what one leads
 * to within the folder is found by itself, and one that leads out of it is named.
 */
export async function filesUnder(root: string): Promise<{ files: string[]; unread: UnreadFile[] }> {
  const files: string[] = [];
  const unread: UnreadFile[] = [];
  const inside = await realpath(root);
  const enter = async (folder: string, depth: number): Promise<void> => {
    if (depth > deepest) {
      unread.push({ path: folder, because: `its folders are nested deeper than ${deepest}` });
      return;
    }
    let entries: Awaited<ReturnType<typeof namesIn>>;
    try {
      entries = await namesIn(folder);
    } catch (error) {
      unread.push({ path: folder, because: because(error) });
      return;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await enter(path, depth + 1);
      else if (files.length >= mostFiles) {
        unread.push({ path: folder, because: `it has more than ${mostFiles} files` });
        return;
      } else if (entry.isFile()) files.push(path);
      else if (!entry.isSymbolicLink()) unread.push({ path, because: 'it is not a file' });
      else if (await leadsOut(path, inside))
        unread.push({ path, because: 'it is a symbolic link that leads out of the folder' });
    }
  };
  await enter(root, 0);
  return { files, unread };
}

async function namesIn(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function leadsOut(link: string, inside: string): Promise<boolean> {
  const target = await realpath(link).catch(() => null);
  return target !== null && target !== inside && !target.startsWith(inside + sep);
}

/** Most evidence is named without a pattern: the reader of patterns is loaded for them alone. */
const patterns = async () => (await import('picomatch')).default;

/** Is it a pattern, and not the name of something that is there? */
export async function isPattern(given: string): Promise<boolean> {
  if (!(await patterns()).scan(given).isGlob) return false;
  return (await lstat(given).catch(() => null)) === null;
}

/** The files that a pattern names, `**` for any folders; folders that it names are entered. */
export async function filesMatching(pattern: string): Promise<{ files: string[]; unread: UnreadFile[] }> {
  const picomatch = await patterns();
  const { base } = picomatch.scan(pattern);
  const root = base || '.';
  const matches = picomatch(pattern.slice(base.length).replace(/^[/\\]+/, ''), { dot: true });
  if (!(await stat(root).catch(() => null))?.isDirectory())
    return { files: [], unread: [{ path: pattern, because: 'there is no such folder' }] };
  const { files, unread } = await filesUnder(root);
  const named = (path: string): boolean => {
    const parts = relative(root, path).split(sep);
    return parts.some((_, i) => matches(parts.slice(0, i + 1).join('/')));
  };
  const found = files.filter(named);
  const failed = unread.filter(({ path }) => named(path));
  if (found.length + failed.length === 0)
    return { files: [], unread: [{ path: pattern, because: 'no file is named so' }] };
  return { files: found, unread: failed };
}
