import { printable } from '../text/printable.ts';
import { EvidenceError } from './evidence-error.ts';

/** Columns of one table, and characters of a name; Log Analytics has 500 and 45. */
const MAX_COLUMNS = 2_000;
const MAX_NAME = 1_024;

/** The portal writes the time zone into a column's name. */
export const columnName = (header: string): string => header.replace(/ \[(?:UTC|Local Time)\]$/i, '');

/**
 * The names of a header, each once: the second `A` is `A1`, as KQL's join calls it, and a third column without a name, such as the index that
 * some programs write, is `Column3`.
 */
export function ownNames(header: readonly string[]): string[] {
  if (header.length > MAX_COLUMNS) return [...header];
  const given = new Set(header);
  const taken = new Set<string>();
  return header.map((text, at) => {
    const wanted = text === '' ? `Column${at + 1}` : text;
    let name = wanted;
    for (let number = 1; taken.has(name) || (name !== text && given.has(name)); number++) name = `${wanted}${number}`;
    taken.add(name);
    return name;
  });
}

/** Refuses names that no column can have. */
export function checkNames(names: readonly string[], file: string, line?: number): void {
  const place = line === undefined ? undefined : { line };
  if (names.length > MAX_COLUMNS) throw new EvidenceError(file, `it has more than ${MAX_COLUMNS} columns`, place);
  const seen = new Set<string>();
  for (const name of names) {
    const shown = printable(name, 60);
    if (seen.has(name)) throw new EvidenceError(file, `two columns are called "${shown}"`, place);
    if (name === '' || name.length > MAX_NAME || /\p{C}/u.test(name)) {
      throw new EvidenceError(file, `"${shown}" can be no column's name`, place);
    }
    seen.add(name);
  }
}
