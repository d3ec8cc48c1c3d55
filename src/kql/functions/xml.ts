import { type Bag, MAX_DYNAMIC_DEPTH, type Value } from '../values.ts';

/** A longer text is not read, as Kusto documents it. */
const MAX_LENGTH = 1_048_576;

interface Element {
  name: string;
  content: Bag;
  text: string;
  /** Whether an attribute or a child element is in the content. */
  filled: boolean;
}

const NAME = '[A-Za-z_:][\\w:.-]*';
const OPEN = new RegExp(`<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'uy');
const CLOSE = new RegExp(`</(${NAME})\\s*>`, 'uy');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'gu');
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }),
);

/** The text with its entities resolved; undefined when one is unknown. */
function resolved(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let whole = true;
  const out = text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,10}));|&/gi, (_, hex, decimal, name) => {
    if (hex !== undefined || decimal !== undefined) {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)) return String.fromCodePoint(code);
    }
    const known = name === undefined ? undefined : ENTITIES.get(name);
    if (known === undefined) whole = false;
    return known ?? '';
  });
  return whole ? out : undefined;
}

function put(bag: Bag, key: string, value: Value): void {
  if (!Object.hasOwn(bag, key)) {
    bag[key] = value;
    return;
  }
  const before = bag[key] ?? null;
  // Several of one name become an array; an element's own value is never one.
  if (Array.isArray(before)) before.push(value);
  else bag[key] = [before, value];
}

/** An element as JSON: null when empty, its text when it has nothing else, else a bag. */
function jsonOf({ content, text, filled }: Element): Value {
  if (!filled) return text.trim() === '' ? null : text;
  const trimmed = text.trim();
  if (trimmed === '') return content;
  const bag: Bag = Object.create(null);
  for (const [key, value] of Object.entries(content)) if (key.startsWith('@')) bag[key] = value;
  bag['#text'] = trimmed;
  for (const [key, value] of Object.entries(content)) if (!key.startsWith('@')) bag[key] = value;
  return bag;
}

/**
 * parse_xml(): attributes as `@name`, text as `#text` beside others, repeated elements as arrays, everything else left
 * out. Null for what is not well-formed, has a document type (whose entities could grow without bound) or is too long.
 */
export function parseXml(text: string): Value {
  if (text.length > MAX_LENGTH) return null;
  const root: Bag = Object.create(null);
  const open: Element[] = [];
  let done = false;
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const between = text.slice(at, next < 0 ? undefined : next);
    const top = open.at(-1);
    if (top) {
      const plain = resolved(between);
      if (plain === undefined) return null;
      top.text += plain;
    } else if (between.replace(/^\ufeff/, '').trim() !== '') return null;
    if (next < 0) break;
    at = next;
    if (text.startsWith('<!--', at)) at = after(text, '-->', at + 4);
    else if (text.startsWith('<?', at)) at = after(text, '?>', at + 2);
    else if (text.startsWith('<![CDATA[', at)) {
      const end = after(text, ']]>', at + 9);
      if (!top || end < 0) return null;
      top.text += text.slice(at + 9, end - 3);
      at = end;
    } else if (text.startsWith('</', at)) {
      CLOSE.lastIndex = at;
      const m = CLOSE.exec(text);
      const closed = open.pop();
      if (!m || !closed || m[1] !== closed.name) return null;
      at = CLOSE.lastIndex;
      done = close(closed, open, root);
    } else {
      OPEN.lastIndex = at;
      const m = OPEN.exec(text);
      if (!m || (open.length === 0 && done) || open.length >= MAX_DYNAMIC_DEPTH) return null;
      at = OPEN.lastIndex;
      const element: Element = { name: m[1] ?? '', content: Object.create(null), text: '', filled: false };
      for (const a of (m[2] ?? '').matchAll(ATTRIBUTE)) {
        const value = resolved(a[2] ?? a[3] ?? '');
        const key = `@${a[1]}`;
        if (value === undefined || Object.hasOwn(element.content, key)) return null;
        element.content[key] = value;
        element.filled = true;
      }
      if (m[3] === '/') done = close(element, open, root);
      else open.push(element);
    }
    if (at < 0) return null;
  }
  return done && open.length === 0 ? root : null;
}

const after = (text: string, end: string, from: number): number => {
  const at = text.indexOf(end, from);
  return at < 0 ? -1 : at + end.length;
};

/** Puts a closed element where it belongs; whether that was the outermost. */
function close(element: Element, open: readonly Element[], root: Bag): boolean {
  const parent = open.at(-1);
  put(parent?.content ?? root, element.name, jsonOf(element));
  if (parent) parent.filled = true;
  return parent === undefined;
}
