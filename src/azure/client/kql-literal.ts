/** A KQL string literal for any text. Untrusted text enters a query through here or not at all. */
export function kqlString(text: string): string {
  const escaped = text.replace(/[\\"'\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    character === '\\' || character === '"' || character === "'"
      ? `\\${character}`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/** A query of Log Analytics with its parameters as `let` statements in front. */
export function withParameters(query: string, parameters: Record<string, string>): string {
  const lets = Object.entries(parameters).map(([name, literal]) => `let ${name} = ${literal};`);
  return [...lets, query].join('\n');
}

/**
 * A query of Resource Graph with literals in the places of its parameters (`_machine`): Resource Graph knows no `let`.
 * https://github.com/MicrosoftDocs/azure-docs/issues/104044
 */
export function withLiterals(query: string, parameters: Record<string, string>): string {
  return Object.entries(parameters).reduce((text, [name, literal]) => {
    const places = new RegExp(`(?<![\\w])${name}(?![\\w])`, 'g');
    if (!places.test(text)) throw new Error(`the query has no parameter ${name}`);
    return text.replace(places, () => literal);
  }, query);
}

/** A KQL datetime literal, exact to the millisecond. */
export function kqlDatetime(date: Date): string {
  return `datetime(${date.toISOString()})`;
}

/** A KQL timespan literal of whole seconds. */
export function kqlSeconds(seconds: number): string {
  return `time(${Math.max(0, Math.round(seconds))}s)`;
}
