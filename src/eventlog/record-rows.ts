import type { ChunkListener } from './chunk-reader.ts';
import { type Damage, DamagedError } from './damage.ts';
import { fieldsRead, numberFields, payloadField } from './read-fields.ts';
import { numberIn, type TakenRecord } from './record.ts';
import { isSecurityEvent, openSshEvents, wholeFields } from './security-events.ts';

/** A thread's report of a log's records: columns, and the texts that they number from 1; 0 is none. */
export interface RecordRows {
  /** 0 for an event that is none of logons, and for damage. */
  eventId: Uint16Array<ArrayBuffer>;
  state: Uint8Array<ArrayBuffer>;
  /** EventRecordID; of damage, its offset. */
  recordId: Float64Array<ArrayBuffer>;
  /** Of damage, the end of its chunk; NaN where that does not matter. */
  time: Float64Array<ArrayBuffer>;
  /** The computer's name; of damage, why. */
  text: Uint32Array<ArrayBuffer>;
  /** The rows' fields, one row after the other: numbers, and texts as the negative of theirs. */
  values: Float64Array<ArrayBuffer>;
  texts: string[];
}

/** States of a row: a record, verified or not; a record that cannot be shown whole; damage; the first record's channel. */
const state = { unverified: 0, verified: 1, damage: 2, torn: 4, channel: 8 } as const;

/** To take a batch takes less than a key may wait. */
const rowsABatch = 8192;
const mostValues = wholeFields.length + 1;
/** Names that differ each time must not make a batch large without measure. */
const mostTexts = 4 * 1024 * 1024;

/** Listens to a reader of chunks and makes rows of its records, in batches. */
export class RowWriter implements ChunkListener {
  damages = 0;
  readonly #send: (rows: RecordRows) => void;
  #rows = 0;
  #values = 0;
  #characters = 0;
  #named = false;
  #begun = false;
  #batch = newBatch();
  #numbers = new Map<string, number>();

  constructor(send: (rows: RecordRows) => void) {
    this.#send = send;
  }

  damage({ offset, because, until }: Damage): void {
    this.damages += 1;
    this.#row(0, state.damage, offset, until ?? Number.NaN, this.#number(because));
  }

  record(record: TakenRecord & { offset: number }): void {
    const { recordId, time } = record;
    const verified = record.verified ? state.verified : state.unverified;
    const values = this.#values;
    let wanted = false;
    let computer = 0;
    try {
      if (!this.#begun) {
        this.#begun = true;
        this.#row(0, state.channel, 0, 0, this.#number(record.system('channel')));
      }
      wanted = isSecurityEvent(record);
      if (wanted || !this.#named) computer = this.#number(record.system('computer'));
      if (wanted) this.#read(record);
      this.#named = true;
      this.#row(wanted ? record.eventId : 0, verified, recordId, time, computer);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      this.damages += 1;
      this.#values = values;
      this.#value(record.offset);
      this.#value(-this.#number(error.message));
      this.#row(record.eventId, verified | state.torn, recordId, time, computer);
    }
  }

  #read(record: TakenRecord): void {
    const fields = fieldsRead(record.eventId);
    const numbers = numberFields.get(fields);
    record.choose(fields);
    for (let place = 0; place < fields.length; place++) {
      const number = numbers?.has(place) ? record.number(place) : null;
      this.#value(number ?? -this.#number(record.text(place)));
    }
    if (fields === wholeFields) this.#value(-this.#number(record.system('channel')));
    else if (openSshEvents.has(record.eventId)) this.#value(record.processId() ?? Number.NaN);
  }

  /** Sends what there is. */
  flush(): void {
    if (this.#rows === 0) return;
    const { eventId, state, recordId, time, text, values, texts } = this.#batch;
    const rows = this.#rows;
    this.#send({
      eventId: eventId.slice(0, rows),
      state: state.slice(0, rows),
      recordId: recordId.slice(0, rows),
      time: time.slice(0, rows),
      text: text.slice(0, rows),
      values: values.slice(0, this.#values),
      texts,
    });
    this.#batch.texts = [];
    this.#numbers = new Map();
    this.#rows = 0;
    this.#values = 0;
    this.#characters = 0;
  }

  #row(eventId: number, of: number, recordId: number, time: number, text: number): void {
    const batch = this.#batch;
    const row = this.#rows++;
    batch.eventId[row] = eventId;
    batch.state[row] = of;
    batch.recordId[row] = recordId;
    batch.time[row] = time;
    batch.text[row] = text;
    if (this.#rows === rowsABatch || this.#characters > mostTexts) this.flush();
  }

  #value(value: number): void {
    this.#batch.values[this.#values++] = value;
  }

  #number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#batch.texts.push(text);
    this.#numbers.set(text, number);
    this.#characters += text.length;
    return number;
  }
}

function newBatch(): RecordRows {
  return {
    eventId: new Uint16Array(rowsABatch),
    state: new Uint8Array(rowsABatch),
    recordId: new Float64Array(rowsABatch),
    time: new Float64Array(rowsABatch),
    text: new Uint32Array(rowsABatch),
    values: new Float64Array(rowsABatch * mostValues),
    texts: [],
  };
}

/** A record that another thread has read: it says what that thread read of it. */
class ToldRecord implements TakenRecord {
  eventId = 0;
  recordId = 0;
  time = Number.NaN;
  verified = false;
  computer = '';
  /** Of the log's first record. */
  channel = '';
  /** Why it cannot be shown whole; "" where it can. */
  torn = '';
  rows: RecordRows | null = null;
  /** Where its values begin. */
  from = 0;
  #places: Int32Array | null = null;

  isOf(): boolean {
    if (this.torn !== '' && this.computer === '') throw new DamagedError(0, this.torn);
    return true;
  }

  system(name: 'provider' | 'channel' | 'computer'): string {
    if (this.torn !== '' && this.computer === '') throw new DamagedError(0, this.torn);
    if (name === 'computer') return this.computer;
    const whole = this.eventId !== 0 && this.torn === '' && fieldsRead(this.eventId) === wholeFields;
    return whole ? this.#text(wholeFields.length) : this.channel;
  }

  choose(names: readonly string[]): void {
    if (this.torn !== '') throw new DamagedError(0, this.torn);
    this.#places = placesOf(names, fieldsRead(this.eventId));
  }

  text(place: number): string {
    const at = this.#places?.[place] ?? -1;
    return at < 0 ? '' : this.#text(at);
  }

  number(place: number): number | null {
    const at = this.#places?.[place] ?? -1;
    if (at < 0) return null;
    const value = this.rows?.values[this.from + at] ?? 0;
    return value >= 0 ? value : numberIn(this.#text(at));
  }

  processId(): number | null {
    const value = this.rows?.values[this.from + payloadField.length] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  }

  #text(at: number): string {
    const value = this.rows?.values[this.from + at] ?? 0;
    return value < 0 ? (this.rows?.texts[-value - 1] ?? '') : '';
  }
}

const places = new Map<readonly string[], Map<readonly string[], Int32Array>>();

/** Where in the fields that were read those are that are asked for; -1 for those that were not read. */
function placesOf(asked: readonly string[], read: readonly string[]): Int32Array {
  const ofRead = places.get(read) ?? new Map<readonly string[], Int32Array>();
  places.set(read, ofRead);
  const found = ofRead.get(asked) ?? Int32Array.from(asked, (name) => read.indexOf(name));
  ofRead.set(asked, found);
  return found;
}

/** Tells a listener what rows say, as the reader of chunks that they were made of would have told it. */
export class RowReader {
  readonly #told: { record(record: TakenRecord): void; damage(damage: Damage): void };
  readonly #record = new ToldRecord();

  constructor(told: { record(record: TakenRecord): void; damage(damage: Damage): void }) {
    this.#told = told;
  }

  read(rows: RecordRows): void {
    const record = this.#record;
    record.rows = rows;
    let from = 0;
    for (let row = 0; row < rows.eventId.length; row++) {
      const of = rows.state[row] ?? 0;
      const text = rows.texts[(rows.text[row] ?? 0) - 1] ?? '';
      const offset = rows.recordId[row] ?? 0;
      if (of === state.damage) {
        const until = rows.time[row] ?? Number.NaN;
        this.#told.damage({ offset, because: text, ...(Number.isNaN(until) ? {} : { until }) });
        continue;
      }
      if (of === state.channel) {
        record.channel = text;
        continue;
      }
      const torn = (of & state.torn) !== 0;
      record.eventId = rows.eventId[row] ?? 0;
      record.recordId = offset;
      record.time = rows.time[row] ?? Number.NaN;
      record.verified = (of & state.verified) !== 0;
      record.computer = text;
      record.from = from;
      record.torn = torn ? (rows.texts[-(rows.values[from + 1] ?? 0) - 1] ?? '') : '';
      const at = rows.values[from] ?? 0;
      from += torn ? 2 : valuesOf(record.eventId);
      try {
        this.#told.record(record);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        this.#told.damage({ offset: at, because: `an event cannot be shown whole: ${error.message}` });
      }
    }
  }
}

/** How many values a row of that event has. */
function valuesOf(eventId: number): number {
  if (eventId === 0) return 0;
  const fields = fieldsRead(eventId);
  return fields.length + (fields === wholeFields || openSshEvents.has(eventId) ? 1 : 0);
}
