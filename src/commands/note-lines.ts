import { hanging } from '../text/cells.ts';
import { listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';

/** Names that are shown before a note, and the number of notes alike from which on there is one line for all. */
const namesShown = 3;
const many = 4;

/**
 * Notes as they are printed, in a terminal of some columns, each begun on a line of its own: a note that many have alike
 * ("FILE: …") is said once, with the first of them and how many there are more.
 */
export function noteLines(notes: readonly string[], width = Number.POSITIVE_INFINITY): string[] {
  const alike = Map.groupBy(new Set(notes), (note) => note.slice(subjectEnd(note)));
  return [...alike].flatMap(([said, own]) => {
    const subjects = own.map((one) => one.slice(0, subjectEnd(one)));
    const told = own.length < many ? own : [`${listed(subjects, namesShown)}${said}`];
    return told.map((text) => hanging('note: ', printable(text, 1000), width).join('\n'));
  });
}

/** The end of the name that a note begins with; 0 where it begins with none. */
const subjectEnd = (note: string): number => Math.max(0, note.indexOf(': '));
