import { columnsOf, isKnownTable } from '../kql/table-schemas.ts';
import type { ColumnType } from '../kql/types.ts';
import { checkNames } from './column-names.ts';
import { EvidenceError } from './evidence-error.ts';
import { cellOf, commonType, typeOfValue } from './guessed-type.ts';
import { misfitNote } from './misfit-note.ts';
import { type AnsweredRow, rowsOfTables } from './rows-of-tables.ts';
import type { Source } from './source.ts';
import { standInNotes, standInsOf } from './stand-ins.ts';
import type { TableBuilder } from './table-builder.ts';

/** Of each column: how many cells its type could not hold. */
class Misfits {
  readonly #found = new Map<string, { count: number; type: ColumnType }>();

  note(column: string, type: ColumnType): void {
    const known = this.#found.get(column);
    if (known) known.count += 1;
    else this.#found.set(column, { count: 1, type });
  }

  notes(file: string): string[] {
    return [...this.#found].map(([column, { count, type }]) => misfitNote(file, { count, column, type }));
  }
}

/**
 * An answer of Log Analytics as JSON. The columns of a table that Microsoft documents have its
 * types; others have the one type that holds all their values. With `lenient`, damage is reported with the rows alone.
 */
export function jsonSource(table: string, file: string, lenient = false): Source {
  let whole: Promise<AnsweredRow[]> | undefined;
  const records = (): Promise<AnsweredRow[]> => {
    whole ??= rowsOfTables(file);
    return whole;
  };
  return {
    file,
    describe: async () => {
      const known: Record<string, ColumnType> = isKnownTable(table) ? columnsOf(table) : {};
      const guessed = new Map<string, ColumnType | undefined>();
      try {
        for (const values of await records()) {
          for (const [name, value] of values) {
            if (Object.hasOwn(known, name)) continue;
            const before = guessed.get(name);
            if (before !== 'string') guessed.set(name, commonType(before, typeOfValue(value)));
          }
        }
      } catch (error) {
        // The reading of its rows fails at the same place, and reports it.
        if (!lenient || !(error instanceof EvidenceError)) throw error;
      }
      checkNames([...guessed.keys()], file);
      return new Map([[table, new Map([...Object.entries(known), ...guessed])]]);
    },
    read: async (builders: ReadonlyMap<string, TableBuilder>) => {
      const builder = builders.get(table);
      if (!builder) return [];
      const misfits = new Misfits();
      const all = await records();
      const known: Record<string, ColumnType> = isKnownTable(table) ? columnsOf(table) : {};
      const names = new Set<string>();
      for (const values of all) for (const name of values.keys()) names.add(name);
      const standIns = standInsOf(names, known);
      const asked = new Set(builder.wanted.map((place) => builder.columns[place]?.name ?? ''));
      for (const values of all) {
        const full = builder.add(file, ({ name, type }) => {
          const value = values.get(standIns.get(name) ?? name);
          const cell = cellOf(value, type);
          if (cell === null && value !== null && value !== undefined && value !== '') misfits.note(name, type);
          return cell;
        });
        if (full) await full;
      }
      return [...standInNotes(file, standIns, asked), ...misfits.notes(file)];
    },
  };
}
