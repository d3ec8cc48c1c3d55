import { type Element, isElement, type Part, type Substitution } from './binxml.ts';

/** Where a field's value is: in the record's value `index`, or in the template itself (`index` -1). */
export interface Source {
  index: number;
  text: string;
}

/** A text of the template itself that is compared over and over with the same: the last comparison is kept. */
export class Constant implements Source {
  readonly index = -1;
  readonly text: string;
  #with = '';
  #same = false;

  constructor(text: string) {
    this.text = text;
  }

  is(text: string): boolean {
    // The same string object, as a rule: that is one comparison of pointers.
    if (text !== this.#with) {
      this.#with = text;
      this.#same = text === this.text;
    }
    return this.#same;
  }
}

const constant = (source: Source): Source => (source.index < 0 ? new Constant(source.text) : source);

/** The places of the parts of an event that decide whether it is wanted; null where they need a full rendering. */
export interface SystemPlan {
  eventId: Source;
  time: Source;
  recordId: Source;
  provider: Source;
  channel: Source;
  computer: Source;
  /**
   * The value that holds EventData, UserData or UserData's content as a fragment of its own; -1 when the template holds
   * them itself.
   */
  data: number;
}

function isSubstitution(part: Element | Part | undefined): part is Substitution {
  return typeof part === 'object' && 'index' in part;
}

/** What a lone value, text or nothing gives; null for what is put together of several. */
function sourceOf(parts: readonly (Element | Part)[]): Source | null {
  if (parts.length === 0) return { index: -1, text: '' };
  const [only] = parts;
  if (isSubstitution(only) && parts.length === 1) return { index: only.index, text: '' };
  return parts.every((part) => typeof part === 'string') ? { index: -1, text: parts.join('') } : null;
}

const absent: Source = { index: -1, text: '' };

function child(element: Element, name: string): Element | undefined {
  return element.content.find(
    (part): part is Element => typeof part !== 'string' && isElement(part) && part.name === name,
  );
}

function attributeSource(element: Element | undefined, name: string): Source | null {
  const found = element?.attributes.find((attribute) => attribute.name === name);
  return found ? sourceOf(found.parts) : absent;
}

function elementSource(element: Element | undefined): Source | null {
  return element ? sourceOf(element.content) : absent;
}

function systemPlanOf(root: Element): SystemPlan | null {
  const system = root.name === 'Event' ? child(root, 'System') : undefined;
  if (!system) return null;
  const eventId = elementSource(child(system, 'EventID'));
  const time = attributeSource(child(system, 'TimeCreated'), 'SystemTime');
  const recordId = elementSource(child(system, 'EventRecordID'));
  const provider = attributeSource(child(system, 'Provider'), 'Name');
  const channel = elementSource(child(system, 'Channel'));
  const computer = elementSource(child(system, 'Computer'));
  if (!eventId || !time || !recordId || !provider || !channel || !computer) return null;
  const embedded = [root, child(root, 'UserData')].flatMap((element) => element?.content.filter(isSubstitution) ?? []);
  if (embedded.length > 1) return null;
  return {
    eventId,
    time,
    recordId,
    provider: constant(provider),
    channel: constant(channel),
    computer,
    data: embedded[0]?.index ?? -1,
  };
}

/**
 * Every field below an element, by its name: `Data` by its attribute Name, other leaves by their own. What is below
 * System is no field, though it may have the name of one.
 */
function* fieldsBelow(element: Element): Generator<[string, Source | null]> {
  for (const part of element.content) {
    if (typeof part === 'string' || !isElement(part) || part.name === 'System') continue;
    const nested = part.content.some((inner) => typeof inner !== 'string' && isElement(inner));
    if (nested) yield* fieldsBelow(part);
    else if (part.name === 'Data') {
      const name = attributeSource(part, 'Name');
      if (name && name.index < 0) yield [name.text, sourceOf(part.content)];
    } else yield [part.name, sourceOf(part.content)];
  }
}

/** A template as it was compiled: its elements, and the places of single fields of its events. */
export class Template {
  readonly root: Element;
  readonly system: SystemPlan | null;
  readonly #fields = new Map<string, Source | null>();
  #names: readonly string[] = [];
  #columns: Int32Array | null = null;

  constructor(root: Element) {
    this.root = root;
    this.system = systemPlanOf(root);
    for (const [name, source] of fieldsBelow(root)) if (!this.#fields.has(name)) this.#fields.set(name, source);
  }

  /**
   * The index of the value of each of these fields, -1 for a field that the template has not. Null when one of them is
   * not simply a value: then the event must be rendered. The last answer is kept, by the identity of `names`: of one
   * kind of event the same fields are wanted each time.
   */
  columns(names: readonly string[]): Int32Array | null {
    if (names === this.#names) return this.#columns;
    let found: Int32Array | null = new Int32Array(names.length);
    for (const [i, name] of names.entries()) {
      const source = this.#fields.get(name);
      if (source === null || (source !== undefined && source.index < 0 && source.text !== '')) {
        found = null;
        break;
      }
      found[i] = source?.index ?? -1;
    }
    this.#names = names;
    this.#columns = found;
    return found;
  }
}
