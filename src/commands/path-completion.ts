import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, sep } from 'node:path';

const commonStart = (names: readonly string[]): string => {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
};

/** A typed path whose `~` is the home folder. */
export const atHome = (path: string): string => (/^~(?=$|[/\\])/.test(path) ? homedir() + path.slice(1) : path);

/**
 * Completes a typed path as a shell does: as far as the names of the files there agree, with a separator after a folder;
 * folders and the endings wanted come into question. `~` is the home folder. Rejects when the folder cannot be read.
 */
export async function completedPath(typed: string, endings: RegExp): Promise<{ text: string; choices: string[] }> {
  const at = Math.max(typed.lastIndexOf('/'), typed.lastIndexOf(sep)) + 1;
  const [before, begun] = [typed.slice(0, at), typed.slice(at)];
  const folder = before === '' ? '.' : dirname(join(atHome(before), 'x'));
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries
    .filter(({ name }) => name.startsWith(begun) && (begun.startsWith('.') || !name.startsWith('.')))
    .filter((entry) => entry.isDirectory() || endings.test(entry.name))
    .map((entry) => `${entry.name}${entry.isDirectory() ? sep : ''}`)
    .sort();
  if (found.length === 0) return { text: typed, choices: [] };
  return { text: before + commonStart(found), choices: found };
}
