import { counted, verb } from '../text/counts.ts';

/** Says that values of a column are of another type than it has, and are taken for missing; `place` is that of the first, "line 2". */
export const misfitNote = (
  file: string,
  { count, column, type, place }: { count: number; column: string; type: string; place?: string | undefined },
): string =>
  `${file}: ${counted(count, 'value')} of ${column} can be no ${type} and ${verb(count, 'counts', 'count')} as missing${place === undefined ? '' : ` (first in ${place})`}`;
