/**
 * JSON with every digit of its whole numbers: one that a double cannot hold stays the text that it is. The reviver's
 * third argument (ECMAScript, "JSON.parse source text access") has that text.
 */
export function exactJson(text: string): unknown {
  const whole = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? context?.source
      : value;
  return JSON.parse(text, whole);
}

/** A cell of an answer as it came; what lies within one is text again. */
export function printedCell(cell: unknown): string | number | boolean | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean') return cell;
  return JSON.stringify(cell);
}
