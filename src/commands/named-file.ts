import { readFile, stat } from 'node:fs/promises';
import { exitCode, Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** Larger than any list that Microsoft or CISA publishes, and than a world that a user writes. */
const mostBytes = 256 * 1024 * 1024;

/** Reads a file that the user named, or throws a Failure that says which and why. */
export async function readNamedFile(path: string, what: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > mostBytes) {
      throw new Failure(`${what} ${printable(path, 256)}: ${size} bytes are more than it can have (${mostBytes})`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = typeof error === 'object' && error !== null ? String(Reflect.get(error, 'code')) : '';
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code === 'EACCES'
            ? 'no permission to read it'
            : code;
    throw new Failure(`${what} ${path}: ${why}`, exitCode.usage, { cause: error });
  }
}
