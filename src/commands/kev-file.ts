import { kevCatalog } from '../documents/kev-catalog.ts';
import { catalogOf, type ExploitedCatalog } from '../triage/known-exploited.ts';
import { parseGiven } from './given-file.ts';
import { readNamedFile } from './named-file.ts';

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
  const given = { option: '--kev', path, what: 'CISA’s catalogue' };
  const { data, complain } = parseGiven(text, given, kevCatalog);
  const { count, vulnerabilities } = data;
  if (count !== vulnerabilities.length) {
    return complain(
      ['count'],
      `as many vulnerabilities as its count says (${count}), found ${vulnerabilities.length}: the file is not whole`,
    );
  }
  return catalogOf(data);
}

/** The catalogue that `--kev` names, as an option of what is read; {} when there is none. */
export async function exploitedOption(flags: KevFlags): Promise<{ exploited?: ExploitedCatalog }> {
  if (!flags.kev) return {};
  return { exploited: parseKev(await readNamedFile(flags.kev, '--kev'), flags.kev) };
}
