import type * as z from 'zod';
import { Failure } from '../failure.ts';
import { lineAt, offsetOf, syntaxFault } from '../text/json-position.ts';
import { printable } from '../text/printable.ts';

/** A JSON file that an option names, read and found to be what it should be. */
export interface GivenFile<T> {
  data: T;
  /** Throws the Failure that says what was expected at a place of the file. */
  complain(place: (string | number)[], expected: string): never;
}

/**
 * Reads the JSON text of a file that an option (`--kev`) names. Throws a Failure, one line with the option, the file, the
 * line in it and what was expected there. `what` names what the whole file should be.
 */
export function parseGiven<S extends z.ZodType>(
  text: string,
  given: { option: string; path: string; what: string },
  schema: S,
): GivenFile<z.infer<S>> {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  const complainAt = (offset: number, expected: string): never => {
    const file = printable(given.path, 256);
    throw new Failure(`${given.option} ${file}:${lineAt(body, offset)}: expected ${printable(expected, 300)}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    const fault = syntaxFault(body);
    return complainAt(fault?.offset ?? 0, fault?.expected ?? 'JSON');
  }
  const read = schema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const place = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
    const where = place.length === 0 ? given.what : place.join('.');
    return complainAt(offsetOf(body, place), `${where}: ${issue?.message ?? 'another value'}`);
  }
  return { data: read.data, complain: (place, expected) => complainAt(offsetOf(body, place), expected) };
}
