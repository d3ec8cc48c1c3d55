/** A piece of a text that is sought: letters as they are, any number of characters (`*`), or one (`?`). */
export type Part = { text: string } | '*' | '?';

/** As `datetime_part()` of KQL names them. */
export type TimePart = 'minute' | 'hour' | 'day' | 'week_of_year' | 'month' | 'year';

/** How a field has to be. Texts are compared without regard to case unless `cased`. */
export type Matcher =
  | { kind: 'text'; parts: readonly Part[]; cased: boolean }
  | { kind: 'regex'; pattern: string; flags: string }
  | { kind: 'network'; range: string }
  | { kind: 'compare'; operator: '<' | '<=' | '>' | '>='; number: number }
  /** A part of a time, as a number. */
  | { kind: 'time-part'; part: TimePart; operator: '==' | '<' | '<=' | '>' | '>='; number: number }
  | { kind: 'empty' }
  | { kind: 'exists'; present: boolean }
  | { kind: 'field'; other: string; place: 'equals' | 'contains' | 'startswith' | 'endswith'; cased: boolean };

/** What an event has to be for a rule to match; a field named "" is the whole event, in which keywords are sought. */
export type Test =
  | { kind: 'all' | 'any'; of: readonly Test[] }
  | { kind: 'not'; of: Test }
  | { kind: 'field'; field: string; is: Matcher };

/** One test of several; a single one stands for itself. */
export function joined(kind: 'all' | 'any', of: readonly Test[]): Test {
  const [only] = of;
  return only && of.length === 1 ? only : { kind, of };
}
