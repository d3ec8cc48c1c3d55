/** A number as it was written, which JSON.stringify prints so (ECMAScript, "JSON.parse source text access"); Node 20 has none. */
const asWritten: unknown = Reflect.get(JSON, 'rawJSON');

/**
 * JSON with every digit of its whole numbers: one that a double cannot hold stays as it was written. The reviver's
 * third argument has its text. `printedCell` prints such a number, by itself or within a cell.
 */
export function exactJson(text: string): unknown {
  const whole = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source ?? '';
    if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
    return typeof asWritten === 'function' ? Reflect.apply(asWritten, JSON, [source]) : source;
  };
  return JSON.parse(text, whole);
}

/** A cell of an answer as it came; what lies within one is text again. */
export function printedCell(cell: unknown): string | number | boolean | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean') return cell;
  return JSON.stringify(cell);
}
