import { reader, type Vector } from './frame.ts';
import { inOneCase } from './text-match.ts';
import type { Value } from './values.ts';

/**
 * Texts in lower case, kept beside the cells that they are of, for many queries over the same rows: to make them anew is
 * most of what it costs to look for a word in any case. Each is made when it is first asked for.
 */
export class FoldedTexts {
  readonly #kept = new WeakMap<readonly Value[], (string | undefined)[]>();

  /** Reads the texts of a column in lower case. */
  reader(vector: Vector): (row: number) => string {
    const { values, rows } = vector;
    const kept = this.#kept.get(values) ?? new Array<string | undefined>(values.length).fill(undefined);
    this.#kept.set(values, kept);
    const read = reader(vector);
    return (row) => {
      const at = rows ? (rows[row] ?? -1) : row;
      const known = at < 0 ? '' : kept[at];
      if (known !== undefined) return known;
      const folded = inOneCase(String(read(row)));
      kept[at] = folded;
      return folded;
    };
  }
}
