import { stat } from 'node:fs/promises';
import { kevCatalog } from '../documents/kev-catalog.ts';
import { Failure } from '../failure.ts';
import { lineAt, offsetOf, syntaxFault } from '../text/json-position.ts';
import { printable } from '../text/printable.ts';
import { catalogOf, type ExploitedCatalog } from '../triage/known-exploited.ts';
import { readNamedFile } from './options.ts';

/** The list has some 1.5 MB; this leaves room for decades. */
const mostBytes = 64 * 1024 * 1024;

/** Options of the commands that can mark what is known to be exploited. */
export interface KevFlags {
  /** CISA's known_exploited_vulnerabilities.json. */
  kev?: string;
}

/**
 * Reads CISA's catalogue of known exploited vulnerabilities. Throws a Failure, one line with the file, the line in it
 * and what was expected there; also for a catalogue that is cut, because what it lacks would count as not exploited.
 */
export function parseKev(text: string, path: string): ExploitedCatalog {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  const complain = (offset: number, expected: string): never => {
    throw new Failure(`--kev ${printable(path, 256)}:${lineAt(body, offset)}: expected ${printable(expected, 300)}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    const fault = syntaxFault(body);
    return complain(fault?.offset ?? 0, fault?.expected ?? 'JSON');
  }
  const read = kevCatalog.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const place = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
    const where = place.length === 0 ? 'CISA’s catalogue' : place.join('.');
    return complain(offsetOf(body, place), `${where}: ${issue?.message ?? 'another value'}`);
  }
  const { count, vulnerabilities } = read.data;
  if (count !== vulnerabilities.length) {
    return complain(
      offsetOf(body, ['count']),
      `as many vulnerabilities as its count says (${count}), found ${vulnerabilities.length}: the file is not whole`,
    );
  }
  return catalogOf(read.data);
}

/** The catalogue that `--kev` names, as an option of what is read; {} when there is none. */
export async function exploitedOption(flags: KevFlags): Promise<{ exploited?: ExploitedCatalog }> {
  if (!flags.kev) return {};
  // A file that is not there is told by the reading.
  const size = await stat(flags.kev).then(
    (found) => found.size,
    () => 0,
  );
  if (size > mostBytes) {
    throw new Failure(
      `--kev ${printable(flags.kev, 256)}: ${size} bytes are more than CISA's list can have (${mostBytes})`,
    );
  }
  return { exploited: parseKev(await readNamedFile(flags.kev, '--kev'), flags.kev) };
}
