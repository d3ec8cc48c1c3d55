// C1 controls drive a terminal as escape sequences do; bidirectional and zero-width characters hide and reorder text.
const unprintable = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * The value as JSON that is safe to print: what would drive a terminal, hide text or reorder it is escaped
 * (`\u009b`), so that a parser reads the same value. JSON itself escapes the controls below U+0020.
 */
export function jsonText(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
