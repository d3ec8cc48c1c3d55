import { type Ticks, ticksOf } from '../triage/logons/ticks.ts';
import { token } from './binxml.ts';
import { Budget, DamagedError } from './damage.ts';
import { isDate, ticksAt } from './filetime.ts';
import type { InternedTexts } from './interned-texts.ts';
import type { KnownText } from './known-text.ts';
import { fieldOf, fieldsOf, type LogEvent, systemOf } from './log-event.ts';
import { renderRecord } from './render.ts';
import { Constant } from './template.ts';
import { type DecodedChunk, TemplateInstance } from './template-instance.ts';
import { valueText, valueType } from './values.ts';

/** A record's head: its signature, size, number and time, 24 bytes; its size is repeated at its end. */
export const recordHead = 24;
export const recordTail = 4;
/** More than any event of 64 KiB becomes: its text, and its binary data in hexadecimal digits. */
const largestEvent = 1 << 20;

/**
 * A record as it is read, one object for all: what it says is valid until the next is read. The event id, the time and
 * single fields come straight from its values; the whole event is rendered only when it is asked for.
 */
export class EventRecord {
  /** Bytes from the beginning of the file. */
  offset = 0;
  /** The same, of the chunk that it is in. */
  chunkOffset = 0;
  verified = false;
  eventId = 0;
  /** TimeCreated; NaN when it has no readable one. */
  time: Ticks = Number.NaN;
  /** EventRecordID. */
  recordId = 0;

  readonly #texts: InternedTexts;
  readonly #outer = new TemplateInstance();
  readonly #inner = new TemplateInstance();
  #decoded: DecodedChunk | null = null;
  #budget = new Budget(0);
  #at = 0;
  #end = 0;
  #event: LogEvent | null = null;
  /** The computer's name, once it was asked for: more than one asks. */
  #computer: string | null = null;
  #fields: TemplateInstance | null = null;
  #columns: Int32Array | null = null;
  #names: readonly string[] = [];

  constructor(texts: InternedTexts) {
    this.#texts = texts;
  }

  /** The records that are read next are in this chunk, at `offset` of the file. `budget` is for all whole events. */
  enter(decoded: DecodedChunk, offset: number, verified: boolean, budget: Budget): void {
    this.#decoded = decoded;
    this.chunkOffset = offset;
    this.#budget = budget;
    this.verified = verified;
  }

  /** Takes on the chunk's record of `size` bytes at `at`. Throws a DamagedError when not even its event id can be read. */
  read(at: number, size: number): void {
    this.#at = at + recordHead;
    this.#end = at + size - recordTail;
    this.offset = this.chunkOffset + at;
    this.#event = null;
    this.#computer = null;
    this.#columns = null;
    if (this.#decoded === null || !this.#readValues(this.#decoded)) this.#readWhole();
  }

  /** Did this provider write it to this channel? */
  isOf(provider: KnownText, channel: KnownText): boolean {
    return this.#says('provider', provider) && this.#says('channel', channel);
  }

  #says(name: 'provider' | 'channel', known: KnownText): boolean {
    const outer = this.#outer;
    const source = this.#event ? undefined : outer.template?.system?.[name];
    if (source instanceof Constant) return source.is(known.text);
    const index = source?.index ?? -1;
    if (index < 0 || !this.#decoded || outer.type(index) !== valueType.string) return this.system(name) === known.text;
    const size = outer.size(index);
    if (known.standsAt(this.#decoded.chunk, outer.offset(index), size)) return true;
    // Zeros may follow on it.
    return size > 2 * known.text.length && this.system(name) === known.text;
  }

  /** The value of `provider`, `channel` or `computer`. */
  system(name: 'provider' | 'channel' | 'computer'): string {
    if (name !== 'computer') return this.#system(name);
    this.#computer ??= this.#system(name);
    return this.#computer;
  }

  #system(name: 'provider' | 'channel' | 'computer'): string {
    if (this.#event) return this.#event.system[name];
    const source = this.#outer.template?.system?.[name];
    if (!source || !this.#decoded) return '';
    if (source.index < 0) return source.text;
    if (!isPlain(this.#outer.type(source.index))) return this.event().system[name];
    return this.#text(this.#decoded, this.#outer, source.index);
  }

  /** Chooses the fields that `text` and `number` give by their place in `names`, which is compared by identity. */
  choose(names: readonly string[]): void {
    this.#names = names;
    this.#fields = this.#event ? null : this.#readFields();
    this.#columns = this.#fields?.template?.columns(names) ?? null;
    if (this.#columns === null) this.event();
  }

  /** The chosen field as Windows renders it; "" when the event has it not. */
  text(place: number): string {
    if (this.#columns === null || !this.#fields || !this.#decoded) {
      return this.#event ? fieldOf(this.#event, this.#names[place] ?? '') : '';
    }
    const index = this.#columns[place] ?? -1;
    if (index < 0) return '';
    if (!isPlain(this.#fields.type(index))) return fieldOf(this.event(), this.#names[place] ?? '');
    return this.#text(this.#decoded, this.#fields, index);
  }

  /** The chosen field as a number, decimal or hexadecimal; null when it is none. */
  number(place: number): number | null {
    const index = this.#columns?.[place] ?? -1;
    const fields = this.#fields;
    if (index >= 0 && fields && this.#decoded && isUnsigned(fields.type(index))) {
      const { view } = this.#decoded.chunk;
      const at = fields.offset(index);
      if (fields.size(index) === 4) return view.getUint32(at, true);
      if (fields.size(index) === 8) return view.getUint32(at, true) + view.getUint32(at + 4, true) * 4_294_967_296;
    }
    return numberIn(this.text(place));
  }

  /** The process that wrote it; null where the event does not say. Throws a DamagedError as `event` does. */
  processId(): number | null {
    return this.event().system.processId;
  }

  /** The whole event. Throws a DamagedError when it cannot be rendered. */
  event(): LogEvent {
    if (this.#event) return this.#event;
    const decoded = this.#decoded;
    if (!decoded) throw new DamagedError(this.#at, 'there is no record');
    const budget = new Budget(Math.min(largestEvent, Math.max(0, this.#budget.left)));
    const before = budget.left;
    try {
      const xml = renderRecord(decoded, this.#at, this.#end, budget);
      const system = systemOf(xml, ticksOf);
      if (!system) throw new DamagedError(this.#at, 'it has no event id');
      this.#event = { system, fields: fieldsOf(xml), xml, verified: this.verified, offset: this.offset };
      return this.#event;
    } finally {
      this.#budget.charge(Math.min(before, before - budget.left), this.#at);
    }
  }

  /** The quick way; false when this record is not built as Windows builds almost all. */
  #readValues(decoded: DecodedChunk): boolean {
    const { bytes, view } = decoded.chunk;
    const from = bytes[this.#at] === token.fragmentHeader ? this.#at + 4 : this.#at;
    if (bytes[from] !== token.templateInstance) return false;
    const outer = this.#outer;
    outer.read(decoded, from, this.#end);
    const plan = outer.template?.system;
    if (!plan) return false;
    const eventId = plan.eventId.index;
    const time = plan.time.index;
    const recordId = plan.recordId.index;
    if (!outer.holds(eventId, valueType.uint16, 2) || !outer.holds(time, valueType.filetime, 8)) return false;
    if (!outer.holds(recordId, valueType.uint64, 8)) return false;
    const created = ticksAt(view, outer.offset(time));
    const id = outer.offset(recordId);
    this.eventId = view.getUint16(outer.offset(eventId), true);
    this.time = isDate(created) ? created : Number.NaN;
    this.recordId = view.getUint32(id, true) + view.getUint32(id + 4, true) * 4_294_967_296;
    return true;
  }

  #readWhole(): void {
    const { system } = this.event();
    this.eventId = system.eventId;
    this.time = system.time ?? Number.NaN;
    this.recordId = system.recordId;
  }

  /** The instance that holds the event's fields: in a value of their own, or in the record's template. */
  #readFields(): TemplateInstance | null {
    const outer = this.#outer;
    const index = outer.template?.system?.data ?? -1;
    if (index < 0 || !this.#decoded) return outer;
    if (outer.type(index) !== valueType.binXml || outer.size(index) === 0) return null;
    const at = outer.offset(index);
    const { bytes } = this.#decoded.chunk;
    const from = bytes[at] === token.fragmentHeader ? at + 4 : at;
    if (bytes[from] !== token.templateInstance) return null;
    this.#inner.read(this.#decoded, from, at + outer.size(index));
    return this.#inner;
  }

  #text(decoded: DecodedChunk, values: TemplateInstance, index: number): string {
    const type = values.type(index);
    const offset = values.offset(index);
    const size = values.size(index);
    return type === valueType.string
      ? this.#texts.at(decoded.chunk, offset, size)
      : valueText(decoded.chunk, offset, size, type);
  }
}

/** What a log's readers use of a record: one that is read, or one that another thread has read. */
export type TakenRecord = Pick<
  EventRecord,
  'eventId' | 'recordId' | 'time' | 'verified' | 'isOf' | 'system' | 'choose' | 'text' | 'number' | 'processId'
>;

/** A field's text as a number, decimal or hexadecimal; null when it is none. */
export function numberIn(field: string): number | null {
  const text = field.trim();
  return /^(?:\d{1,15}|0x[0-9a-f]{1,16})$/i.test(text) ? Number(text) : null;
}

function isUnsigned(type: number): boolean {
  return (
    type === valueType.uint32 ||
    type === valueType.uint64 ||
    type === valueType.hexInt32 ||
    type === valueType.hexInt64 ||
    type === valueType.sizeT
  );
}

/** Values of values, and several in one: only the whole event shows how they read. */
function isPlain(type: number): boolean {
  return (type & valueType.array) === 0 && type !== valueType.binXml;
}
