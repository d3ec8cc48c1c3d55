import {
  type Attribute,
  type Element,
  isElement,
  type Part,
  parseElement,
  type Substitution,
  token,
} from './binxml.ts';
import { type Budget, DamagedError } from './damage.ts';
import type { XmlElement } from './log-event.ts';
import { type DecodedChunk, TemplateInstance } from './template-instance.ts';
import { arrayTexts, valueText, valueType } from './values.ts';

/** Fragments within values of fragments: Windows writes one level, EventData within Event. */
const deepest = 8;

/** Renders one record: everything that it makes is charged to a budget. */
class Renderer {
  readonly #decoded: DecodedChunk;
  readonly #budget: Budget;

  constructor(decoded: DecodedChunk, budget: Budget) {
    this.#decoded = decoded;
    this.#budget = budget;
  }

  /** The fragment at `at`: a template's instance, or an element that is there itself. */
  fragment(at: number, end: number, depth: number): XmlElement[] {
    if (depth > deepest) throw new DamagedError(at, 'its fragments are nested too deep');
    const { chunk, names } = this.#decoded;
    const from = chunk.bytes[at] === token.fragmentHeader ? at + 4 : at;
    this.#budget.charge(16, at);
    if (from < end && chunk.bytes[from] === token.templateInstance) {
      const instance = new TemplateInstance();
      instance.read(this.#decoded, from, end);
      return instance.template ? this.#element(instance.template.root, instance, depth) : [];
    }
    this.#budget.charge(end - from, at);
    return this.#element(parseElement(chunk, names, from, end, false).root, null, depth);
  }

  /**
   * One element, or one for each value of an array that is its only content. None where the only content is optional and
   * has no value: Windows leaves the element out, as Event Viewer's exports show. A value of no length is one.
   */
  #element(element: Element, values: TemplateInstance | null, depth: number): XmlElement[] {
    this.#budget.charge(16 + element.name.length, 0);
    if (isLeftOut(element, values)) return [];
    const attributes: [string, string][] = [];
    for (const attribute of element.attributes) {
      const value = this.#attribute(attribute, values);
      if (value !== null) attributes.push([attribute.name, value]);
    }
    const [only] = element.content;
    if (element.content.length === 1 && only !== undefined && values && isArray(only, values)) {
      const { index } = only;
      const offset = values.offset(index);
      const texts = arrayTexts(this.#decoded.chunk, offset, values.size(index), values.type(index) & ~valueType.array);
      return texts.map((text) => {
        this.#budget.charge(16 + text.length, offset);
        return { name: element.name, attributes, children: text === '' ? [] : [text], empty: false };
      });
    }
    const children: (XmlElement | string)[] = [];
    for (const part of element.content) {
      if (typeof part !== 'string' && isElement(part)) children.push(...this.#element(part, values, depth));
      else if (typeof part !== 'string' && values?.type(part.index) === valueType.binXml) {
        const at = values.offset(part.index);
        if (values.size(part.index) > 0) children.push(...this.fragment(at, at + values.size(part.index), depth + 1));
      } else {
        const text = this.#text(part, values);
        if (text !== '') children.push(text);
      }
    }
    // Whose elements are all left out is written as one that never had any.
    const bare =
      element.content.length > 0 &&
      element.content.every((part) => typeof part !== 'string' && isElement(part) && isLeftOut(part, values));
    return [{ name: element.name, attributes, children, empty: element.empty || bare }];
  }

  /** Null for an attribute whose only value is optional and null: it is left out. */
  #attribute({ parts }: Attribute, values: TemplateInstance | null): string | null {
    const [only] = parts;
    if (parts.length === 1 && typeof only === 'object' && only.optional && isNull(only, values)) return null;
    return parts.map((part) => this.#text(part, values)).join('');
  }

  #text(part: Part, values: TemplateInstance | null): string {
    if (typeof part === 'string') {
      this.#budget.charge(part.length, 0);
      return part;
    }
    if (values === null) throw new DamagedError(0, 'a value is asked for where there are none');
    const type = values.type(part.index);
    const offset = values.offset(part.index);
    const size = values.size(part.index);
    // Hexadecimal text is the longest that a byte can become: two characters; a number of one byte has three.
    this.#budget.charge(16 + size * 2, offset);
    if ((type & valueType.array) !== 0)
      return arrayTexts(this.#decoded.chunk, offset, size, type & ~valueType.array).join(', ');
    return valueText(this.#decoded.chunk, offset, size, type);
  }
}

function isArray(part: Element | Part, values: TemplateInstance): part is Substitution {
  return typeof part !== 'string' && !isElement(part) && (values.type(part.index) & valueType.array) !== 0;
}

function isLeftOut({ content }: Element, values: TemplateInstance | null): boolean {
  const [only] = content;
  if (content.length !== 1 || only === undefined || typeof only === 'string' || isElement(only)) return false;
  return only.optional && values !== null && values.type(only.index) === valueType.null;
}

function isNull(part: Substitution, values: TemplateInstance | null): boolean {
  return values === null || values.type(part.index) === valueType.null || values.size(part.index) === 0;
}

/**
 * The XML of the record whose binary XML lies from `at` to `end`. Throws a DamagedError when it cannot be decoded, or
 * would become larger than the budget allows.
 */
export function renderRecord(decoded: DecodedChunk, at: number, end: number, budget: Budget): XmlElement {
  const [root] = new Renderer(decoded, budget).fragment(at, end, 0);
  if (root === undefined) throw new DamagedError(at, 'it holds no element');
  return root;
}
