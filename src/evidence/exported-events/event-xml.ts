import type { XmlElement } from '../../eventlog/log-event.ts';

/** No event of 64 KiB becomes longer as XML, with the texts that Event Viewer renders. */
const longestEvent = 4 * 1024 * 1024;
const deepest = 64;

/** Parts a stream of XML into the texts of its events, in bounded memory; that of one whose end is missing is "". */
export class EventTexts {
  #rest = '';
  /** Lines before `#rest`. */
  #line = 1;

  *push(text: string): Generator<{ text: string; line: number }> {
    this.#rest += text;
    for (;;) {
      const begin = this.#rest.search(/<Event[\s>]/);
      if (begin < 0) {
        // The beginning of a tag may be at its end.
        this.#drop(Math.max(0, this.#rest.length - 8));
        return;
      }
      this.#drop(begin);
      const end = this.#rest.indexOf('</Event>', 6);
      const next = this.#rest.slice(1).search(/<Event[\s>]/) + 1;
      if (next > 0 && (end < 0 || next < end)) {
        yield { text: '', line: this.#line };
        this.#drop(next);
      } else if (end >= 0) {
        const whole = this.#rest.slice(0, end + 8);
        yield { text: whole, line: this.#line };
        this.#drop(whole.length);
      } else {
        if (this.#rest.length > longestEvent) {
          yield { text: '', line: this.#line };
          this.#drop(this.#rest.length - 8);
        }
        return;
      }
    }
  }

  /** At the end of the stream: an event that has begun has no end. */
  *finish(): Generator<{ text: string; line: number }> {
    if (/<Event[\s>]/.test(this.#rest)) yield { text: '', line: this.#line };
    this.#rest = '';
  }

  #drop(length: number): void {
    for (let at = this.#rest.indexOf('\n'); at >= 0 && at < length; at = this.#rest.indexOf('\n', at + 1))
      this.#line += 1;
    this.#rest = this.#rest.slice(length);
  }
}

const tag =
  /<(?:!--[\s\S]*?--|\?[^>]*\?|(\/?)([^\s/>!?]{1,200})((?:\s+[^\s=/>]{1,200}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?))>/y;
const attribute = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The element that a text is; null where it is not well-formed. */
export function xmlElement(text: string): XmlElement | null {
  const root: XmlElement = { name: '', attributes: [], children: [], empty: false };
  const open = [root];
  let at = 0;
  while (at < text.length) {
    const inner = open.at(-1);
    const begin = text.indexOf('<', at);
    if (!inner || begin < 0) break;
    if (begin > at) inner.children.push(unescaped(text.slice(at, begin)));
    tag.lastIndex = begin;
    const found = tag.exec(text);
    if (!found) return null;
    at = tag.lastIndex;
    const [, closes, name, attributes = '', empty] = found;
    if (name === undefined) continue;
    if (closes === '/') {
      if (inner.name !== name) return null;
      open.pop();
      continue;
    }
    const element: XmlElement = {
      name,
      attributes: [...attributes.matchAll(attribute)].map(([, key = '', double, single]) => [
        key,
        unescaped(double ?? single ?? ''),
      ]),
      children: [],
      empty: empty === '/',
    };
    inner.children.push(element);
    if (empty !== '/') open.push(element);
    if (open.length > deepest) return null;
  }
  const [only] = root.children.filter((part) => typeof part !== 'string');
  if (open.length !== 1 || typeof only !== 'object') return null;
  return withoutBlanks(only);
}

/** Blanks between elements are the writer's layout. */
function withoutBlanks(element: XmlElement): XmlElement {
  const hasElements = element.children.some((part) => typeof part !== 'string');
  const children = element.children
    .filter((part) => !hasElements || typeof part !== 'string' || part.trim() !== '')
    .map((part) => (typeof part === 'string' ? part : withoutBlanks(part)));
  return { ...element, children };
}

const entities: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** Text with XML's own entities and numbers of characters; others stay as they are, and none is ever fetched. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return entities.get(name) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
