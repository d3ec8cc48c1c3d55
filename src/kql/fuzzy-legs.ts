import {
  type Analysis,
  child,
  children,
  endOf,
  list,
  type Node,
  nodeClass,
  optional,
  parameters,
  referencedSymbol,
  simpleName,
  sourceText,
  startOf,
} from './language.ts';

/** A stretch of a query that is to be blank. */
interface Blank {
  from: number;
  to: number;
}

/**
 * The query without the legs of `union isfuzzy=true` whose table does not exist, each replaced by blanks of its length, so
 * that every place stays where it is. Kusto drops such a leg (Microsoft Learn, "union operator": isfuzzy); the analyser
 * keeps it and splits the columns that it shares with the others by an unknown type. `leftOut` is given the table of each.
 */
export function withoutMissingLegs(text: string, analysis: Analysis, leftOut: (table: string) => void): string {
  if (!text.includes('isfuzzy')) return text;
  const blanks: Blank[] = [];
  const visit = (node: Node): void => {
    if (isFuzzyUnion(node)) {
      const legs = list(optional(node, 'Expressions'));
      for (const leg of legs) if (isMissing(leg)) leftOut(missingOf(leg));
      blanks.push(...missingLegs(text, legs));
    }
    const operator = nodeClass(node) === 'PipeExpression' ? child(node, 'Operator') : undefined;
    // `T | union isfuzzy=true Missing` is T.
    if (operator && isFuzzyUnion(operator) && list(optional(operator, 'Expressions')).every(isMissing)) {
      blanks.push({ from: endOf(child(node, 'Expression')), to: endOf(operator) });
    }
    for (const next of children(node)) visit(next);
  };
  visit(analysis.syntax);
  let out = text;
  for (const { from, to } of blanks) out = out.slice(0, from) + ' '.repeat(to - from) + out.slice(to);
  return out;
}

const isFuzzyUnion = (node: Node): boolean =>
  /^Union(Operator|Expression)$/.test(nodeClass(node)) && parameters(node).has('isfuzzy');

function missingLegs(text: string, legs: readonly Node[]): Blank[] {
  const missing = legs.map(isMissing);
  const [first = false] = missing;
  const kept = missing.indexOf(false);
  // Where no leg is left there is no union either: what is missing is reported by name.
  if (kept < 0) return [];
  return legs.flatMap((leg, at): Blank[] => {
    if (!missing[at]) return [];
    // A leg goes with the comma before it; those before the first that stays, with the comma after them.
    if (first && at < kept) return [{ from: startOf(leg), to: pastComma(text, endOf(leg)) }];
    const before = text.lastIndexOf(',', startOf(leg));
    return [{ from: before, to: endOf(leg) }];
  });
}

function pastComma(text: string, at: number): number {
  const comma = text.indexOf(',', at);
  return comma < 0 ? at : comma + 1;
}

/** The table that a leg is of, or the beginning of its text. */
export function missingOf(leg: Node): string {
  let source = leg;
  while (/^(?:Parenthesized|Pipe)Expression$/.test(nodeClass(source))) source = child(source, 'Expression');
  return nodeClass(source) === 'NameReference' ? simpleName(source) : sourceText(source).slice(0, 60);
}

/** Does the leg begin with the bare name of a table that does not exist? */
function isMissing(leg: Node): boolean {
  switch (nodeClass(leg)) {
    case 'ParenthesizedExpression':
    case 'PipeExpression':
      return isMissing(child(leg, 'Expression'));
    case 'NameReference':
      return referencedSymbol(leg) === undefined && !simpleName(leg).includes('*');
    default:
      return false;
  }
}
