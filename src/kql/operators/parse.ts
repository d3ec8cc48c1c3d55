import { convert, regexAt, textReader } from '../call.ts';
import { type Frame, pick, type Vector, vectorOf } from '../frame.ts';
import {
  child,
  list,
  literalText,
  type Node,
  nodeClass,
  optional,
  parameters,
  resultColumns,
  simpleName,
  sourceText,
} from '../language.ts';
import { literalPattern } from '../regex.ts';
import { fail, refuse, type Scope, within } from '../scope.ts';
import { type ColumnType, isColumnType } from '../types.ts';
import { missing, type Value } from '../values.ts';

type Part = { kind: 'text'; text: string } | { kind: 'star' } | { kind: 'column'; name: string; type: ColumnType };

/** Other names of types. */
const OTHER_NAMES: ReadonlyMap<string, ColumnType> = new Map([
  ['date', 'datetime'],
  ['double', 'real'],
  ['boolean', 'bool'],
  ['time', 'timespan'],
]);

function partsOf(node: Node, scope: Scope): Part[] {
  return list(optional(node, 'Patterns')).map((p): Part => {
    switch (nodeClass(p)) {
      case 'StarExpression':
        return { kind: 'star' };
      case 'LiteralExpression':
      case 'CompoundStringLiteralExpression':
        return { kind: 'text', text: typeof p.LiteralValue === 'string' ? p.LiteralValue : literalText(p) };
      case 'NameAndTypeDeclaration': {
        const written = sourceText(child(p, 'Type'));
        const type = OTHER_NAMES.get(written) ?? written;
        if (!isColumnType(type) || type === 'decimal') return refuse(`A column of the type ${written}`, p, scope);
        return { kind: 'column', name: simpleName(child(p, 'Name')), type };
      }
      case 'NameDeclaration':
        return { kind: 'column', name: simpleName(p), type: 'string' };
      default:
        return refuse('This pattern', p, scope);
    }
  });
}

/** What a typed column may look like where nothing after it says where it ends. */
const SHAPES: Partial<Record<ColumnType, string>> = {
  long: '\\s*[-+]?\\d+',
  int: '\\s*[-+]?\\d+',
  real: '\\s*[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?',
  bool: '(?:[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|\\d+)',
};

/**
 * The regular expression of a simple or relaxed pattern: captures are as short as can be, except a typed one before a
 * star; the end of the text is the end of the pattern, unless a star is there.
 */
function simplePattern(parts: readonly Part[], relaxed: boolean, node: Node, scope: Scope): string {
  let out = '(?s)^';
  parts.forEach((part, i) => {
    const next = parts[i + 1];
    if (part.kind === 'text') out += literalPattern(part.text);
    else if (part.kind === 'star') out += '.*?';
    else if (next?.kind === 'star' && (!relaxed || SHAPES[part.type])) {
      if (part.type === 'string') {
        fail('semantic', 'A star after a text column is ambiguous.', node, scope);
      }
      const shape = SHAPES[part.type] ?? refuse(`A ${part.type} column before a star`, node, scope);
      out += relaxed || i + 2 === parts.length ? `(${shape}|)` : `(${shape})`;
    } else out += '(.*?)';
  });
  return `${out}$`;
}

/**
 * The captures of a simple pattern without shapes; null where it does not match. Every text is taken where it first
 * stands, which is what the shortest captures mean, and the last one at the end: one pass, whatever the text.
 */
function simpleCaptures(parts: readonly Part[], text: string): string[] | null {
  const captures: string[] = [];
  let at = 0;
  let gap: Part | undefined;
  for (const [i, part] of parts.entries()) {
    if (part.kind !== 'text') {
      gap = part.kind === 'column' || gap === undefined ? part : gap;
      continue;
    }
    const last = i === parts.length - 1;
    const found = gap === undefined ? at : last ? text.length - part.text.length : text.indexOf(part.text, at);
    if (found < at || !text.startsWith(part.text, found)) return null;
    if (gap?.kind === 'column') captures.push(text.slice(at, found));
    at = found + part.text.length;
    gap = undefined;
  }
  if (gap?.kind === 'column') captures.push(text.slice(at));
  return gap === undefined && at !== text.length ? null : captures;
}

/** Neighbouring texts are one. */
function joined(parts: readonly Part[]): Part[] {
  const out: Part[] = [];
  for (const part of parts) {
    const before = out.at(-1);
    if (part.kind === 'text' && before?.kind === 'text')
      out[out.length - 1] = { kind: 'text', text: before.text + part.text };
    else out.push(part);
  }
  return out;
}

/** In kind=regex the texts are regular expressions, captures are as long as can be, and nothing is anchored. */
function regexPattern(parts: readonly Part[], node: Node, scope: Scope): string {
  let out = '';
  for (const part of parts) {
    if (part.kind === 'text') {
      // The pattern's own groups must not move ours.
      out += `(?:${part.text.replace(/\\[\s\S]|\[(?:\\.|[^\]])*\]|\((?!\?)/g, (m) => (m === '(' ? '(?:' : m))})`;
    } else if (part.kind === 'star') out += '.*?';
    else if (part.type === 'string') out += '(.*)';
    else out += `(${SHAPES[part.type] ?? refuse(`A ${part.type} column in kind=regex`, node, scope)})`;
  }
  return out;
}

export function parse(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const where = nodeClass(node) === 'ParseWhereOperator';
  const options = parameters(node);
  const kindNode = options.get('kind');
  const kind = kindNode ? literalText(kindNode) : 'simple';
  const flags = options.has('flags') ? sourceText(options.get('flags') ?? node) : '';
  if (/[^imsU]/.test(flags) || (flags !== '' && kind !== 'regex')) refuse(`parse flags=${flags}`, node, scope);
  if (where && kind === 'relaxed')
    fail('semantic', 'parse-where: only simple or regex modes are supported.', node, scope);
  const value = scope.run.expression(child(node, 'Expression'), scope);
  if (value.type !== 'string' && value.type !== 'dynamic') refuse(`parse of a ${value.type}`, node, scope);
  const text = textReader(value);
  const parts = joined(partsOf(node, scope));
  const columns = parts.filter((p) => p.kind === 'column');
  for (const c of columns) {
    // See overwrites.ts, which has given the query another form wherever it could.
    if (input.names.includes(c.name)) refuse(`parse into '${c.name}', a column that is there already,`, node, scope);
  }
  const captures = capturer(parts, kind, flags, node, scope);
  const found: Value[][] = columns.map(() => []);
  const kept: number[] = [];
  for (let row = 0; row < input.length; row++) {
    const match = captures(text(row));
    const values = match && columns.map((c, i) => convert(match[i] ?? '', 'string', c.type));
    // simple is all or nothing: one column that does not convert blanks them all.
    const whole = values !== null && (kind === 'relaxed' || values.every((v) => v !== null));
    if (where && !whole) continue;
    kept.push(row);
    columns.forEach((c, i) => {
      found[i]?.push((whole ? values?.[i] : null) ?? missing(c.type));
    });
  }
  const picked = kept.length === input.length ? input : pick(input, Int32Array.from(kept));
  const out = resultColumns(node);
  const byName = new Map(columns.map((c, i) => [c.name, vectorOf(c.type, found[i] ?? [])]));
  const vectors = out.map((c): Vector => {
    const old = picked.names.indexOf(c.name);
    return byName.get(c.name) ?? picked.vectors[old] ?? refuse('This parse', node, scope);
  });
  return { names: out.map((c) => c.name), vectors, length: kept.length, serialized: input.serialized };
}

function capturer(
  parts: readonly Part[],
  kind: string,
  flags: string,
  node: Node,
  scope: Scope,
): (text: string) => readonly (string | undefined)[] | null {
  const beforeStar = parts.some((p, i) => p.kind === 'column' && parts[i + 1]?.kind === 'star');
  if (kind !== 'regex' && !beforeStar) return (text) => simpleCaptures(parts, text);
  const pattern =
    kind === 'regex'
      ? `${flags === '' ? '' : `(?${flags})`}${regexPattern(parts, node, scope)}`
      : simplePattern(parts, kind === 'relaxed', node, scope);
  const regex = regexAt(pattern, node, scope);
  return (text) => regex.exec(text)?.slice(1) ?? null;
}
