/** A text as KQL has it, as people write it: verbatim where it has backslashes, with escapes where it must. */
export function kqlText(text: string): string {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) {
    const escaped = text.replace(/[\\"\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
      character === '\\' || character === '"'
        ? `\\${character}`
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    return `"${escaped}"`;
  }
  if (!/[\\"]/.test(text)) return `"${text}"`;
  return `@"${text.replaceAll('"', '""')}"`;
}

/** A name of a column: as it is where KQL takes it for nothing else. */
export const kqlName = (name: string): string =>
  /^_?[A-Z][A-Za-z0-9_]*$/.test(name) ? name : `['${name.replace(/[\\']/g, '\\$&')}']`;

/** Conditions joined; long lists in groups, because the parser walks a list as deep as it is long. */
export function joinedConditions(operator: 'and' | 'or', conditions: readonly string[]): string {
  if (conditions.length <= MAX_CHAIN) return conditions.join(` ${operator} `);
  const groups: string[] = [];
  for (let at = 0; at < conditions.length; at += MAX_CHAIN) {
    groups.push(`(${conditions.slice(at, at + MAX_CHAIN).join(` ${operator} `)})`);
  }
  return joinedConditions(operator, groups);
}

const MAX_CHAIN = 25;
