import { child, list, literalText, type Node, nodeClass, nodeKind } from './language.ts';
import { parseDatetime } from './times.ts';

/** A query with placeholders for times, and the times by their placeholders. */
export interface TimedQuery {
  text: string;
  times: ReadonlyMap<string, string>;
}

/** A line that does nothing but name a time, as cordon writes the bounds of its queries. */
const NAMED_TIME = /^(let \w+ = datetime\()(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)(?=\);\r?$)/gm;
/** What all placeholders begin with. */
const PLACEHOLDER = '0001-01-01T00:00:';
const MOST = 60;

/**
 * A query that is sent again differs in its times alone. What a query means depends on no time, so it is analysed once, with
 * placeholders in their places, each as long as its time: every place in the query stays where it is. A query that has
 * a time like a placeholder, or a line with one that does not exist, stays as it is.
 */
export function withoutTimes(query: string): TimedQuery {
  const asIs = { text: query, times: new Map<string, string>() };
  if (query.includes(PLACEHOLDER)) return asIs;
  const times = new Map<string, string>();
  const text = query.replace(NAMED_TIME, (_line, before: string, time: string) => {
    const placeholder = `${PLACEHOLDER}${String(times.size).padStart(2, '0')}.000Z`;
    times.set(placeholder, time);
    return before + placeholder;
  });
  const exist = [...times.values()].every((time) => parseDatetime(time) !== null);
  return exist && times.size <= MOST ? { text, times } : asIs;
}

/** Is each placeholder the value of a `let` of the query itself? One within a text would stay there. */
export function areNamed(syntax: Node, { times }: TimedQuery): boolean {
  const named = new Set<string>();
  for (const statement of list(child(syntax, 'Statements'))) {
    if (nodeClass(statement) !== 'LetStatement') continue;
    const value = child(statement, 'Expression');
    if (nodeKind(value) === 'DateTimeLiteralExpression') named.add(literalText(value).trim());
  }
  return [...times.keys()].every((placeholder) => named.has(placeholder));
}

/** A text about the query, with the times in it again. */
export function withTimes(text: string, { times }: TimedQuery): string {
  let out = text;
  for (const [placeholder, time] of times) out = out.replaceAll(placeholder, time);
  return out;
}
