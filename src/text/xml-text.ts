/**
 * Text of XML as it was before it was put there, as an expression of KQL over a column or a parameter: each entity is resolved once, also
 * those by number (XML 1.0, 4.1 and 4.6), by Kusto's own parser of XML
 * (https://learn.microsoft.com/kusto/query/parse-xml-function). A letter is put in front, because parse_xml makes numbers of texts
 * that look like one, and drops blanks. What is not well-formed, such as a character that XML does not have, keeps its numbers.
 */
export function xmlText(name: string): string {
  const parsed = `substring(tostring(parse_xml(iff(${name} contains "&", strcat("<a>x", ${name}, "</a>"), "")).a), 1)`;
  const named = [
    ['&lt;', '<'],
    ['&gt;', '>'],
    ['&quot;', '\\"'],
    ['&apos;', "'"],
    // The ampersand last: what it makes is no entity.
    ['&amp;', '&'],
  ].reduce((inner, [entity, character]) => `replace_string(${inner}, "${entity}", "${character}")`, name);
  return `coalesce(${parsed}, iff(${name} contains "&", ${named}, ${name}))`;
}

/** The same as a function of KQL, for queries that call it `xmlText`. */
export const xmlTextFunction = `(text:string) { ${xmlText('text')} }`;
