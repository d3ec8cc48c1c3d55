import {
  type Analysis,
  child,
  children,
  endOf,
  list,
  type Node,
  nodeClass,
  optional,
  quotedName,
  resultColumns,
  sourceText,
  startOf,
} from './language.ts';

/** Text to be put into a query. */
export interface Edit {
  at: number;
  text: string;
}

const PREFIX = '_parsed_';

/**
 * A parse may write over a column of its input, as published detections do. The analyser then knows two columns of one
 * name and is of two minds about which is meant, so the query is given a form in which there is no doubt: the parse makes
 * a column of another name, which then takes the place of the old one.
 */
export function parseOverwrites(analysis: Analysis): Edit[] {
  const edits: Edit[] = [];
  if (!analysis.text.includes('parse')) return edits;
  const visit = (node: Node): void => {
    if (nodeClass(node) === 'PipeExpression') {
      const operator = child(node, 'Operator');
      if (/^Parse(Where)?Operator$/.test(nodeClass(operator))) {
        const before = new Set(resultColumns(child(node, 'Expression')).map((c) => c.name));
        edits.push(...renamed(operator, before));
      }
    }
    for (const next of children(node)) visit(next);
  };
  visit(analysis.syntax);
  return edits;
}

function renamed(operator: Node, before: ReadonlySet<string>): Edit[] {
  const edits: Edit[] = [];
  const names: string[] = [];
  for (const pattern of list(optional(operator, 'Patterns'))) {
    const declared =
      nodeClass(pattern) === 'NameAndTypeDeclaration'
        ? child(pattern, 'Name')
        : nodeClass(pattern) === 'NameDeclaration'
          ? pattern
          : undefined;
    const name = declared && sourceText(declared);
    if (declared === undefined || name === undefined || !before.has(name) || !/^\w+$/.test(name)) continue;
    edits.push({ at: startOf(declared), text: PREFIX });
    names.push(name);
  }
  if (names.length === 0) return [];
  const replaced = names.map((n) => `${quotedName(n)} = ${PREFIX}${n}`).join(', ');
  const dropped = names.map((n) => `${PREFIX}${n}`).join(', ');
  edits.push({ at: endOf(operator), text: ` | extend ${replaced} | project-away ${dropped}` });
  return edits;
}
