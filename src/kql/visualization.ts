import {
  analyseText,
  child,
  children,
  list,
  literalText,
  type Node,
  nodeClass,
  optional,
  schemaOf,
  simpleName,
  tokenText,
} from './language.ts';

/**
 * What `render` asks of the program that shows the rows (learn.microsoft.com/kusto/query/render-operator, read 2026-11-30). It
 * does not change the rows; what is absent is to be guessed from the columns.
 */
export interface Visualization {
  /** `timechart`, `barchart`, …, in lower case. */
  kind: string;
  title?: string;
  xColumn?: string;
  yColumns?: string[];
  series?: string[];
  xTitle?: string;
  yTitle?: string;
  yMin?: number;
  yMax?: number;
  /** `stacked`, `stacked100`, `unstacked`, …: how several series share a chart. */
  layout?: string;
}

/** The last `render` below a node: it can only be the last operator of a query. */
function renderIn(node: Node): Node | undefined {
  if (nodeClass(node) === 'RenderOperator') return node;
  return children(node)
    .toReversed()
    .map(renderIn)
    .find((found) => found !== undefined);
}

const namesOf = (value: Node): string[] =>
  nodeClass(value) === 'NameReferenceList' ? list(optional(value, 'Names')).map(simpleName) : [simpleName(value)];

type PropertyReader = (value: Node) => Partial<Visualization>;

/** A property of `render`, by its name in lower case. */
const readers: ReadonlyMap<string, PropertyReader> = new Map(
  Object.entries<PropertyReader>({
    title: (value) => ({ title: literalText(value) }),
    xcolumn: (value) => ({ xColumn: simpleName(value) }),
    ycolumns: (value) => ({ yColumns: namesOf(value) }),
    series: (value) => ({ series: namesOf(value) }),
    xtitle: (value) => ({ xTitle: literalText(value) }),
    ytitle: (value) => ({ yTitle: literalText(value) }),
    ymin: (value) => numberOf('yMin', value),
    ymax: (value) => numberOf('yMax', value),
    kind: (value) => ({ layout: literalText(value).toLowerCase() }),
  }),
);

function numberOf(name: 'yMin' | 'yMax', value: Node): Partial<Visualization> {
  const number = Number(literalText(value));
  return Number.isFinite(number) ? { [name]: number } : {};
}

/** What a query's `render` asks for; undefined for a query without one. The query may be wrong: it is only read. */
export function visualizationOf(query: string): Visualization | undefined {
  if (!/\brender\b/i.test(query)) return undefined;
  const render = renderIn(analyseText(query, schemaOf([]), false).syntax);
  const kind = render === undefined ? '' : tokenText(render, 'ChartType').toLowerCase();
  if (render === undefined || kind === '') return undefined;
  const found: Visualization = { kind };
  const clause = optional(render, 'WithClause');
  for (const property of list(clause && optional(clause, 'Properties'))) {
    const value = optional(property, 'Expression');
    if (value) Object.assign(found, readers.get(simpleName(child(property, 'Name')).toLowerCase())?.(value) ?? {});
  }
  return found;
}
