import { isoOf } from '../triage/logons/ticks.ts';
import { ChunkNames } from './binxml.ts';
import { type ChunkHeader, lastRecordNumber } from './chunk-header.ts';
import { type ChunkView, recordsFrom } from './chunk-view.ts';
import { Budget, type Damage, DamagedError } from './damage.ts';
import { isDate, ticksAt } from './filetime.ts';
import { InternedTexts } from './interned-texts.ts';
import { EventRecord, recordHead, recordTail } from './record.ts';
import { TemplateCache } from './template-cache.ts';
import { DecodedChunk } from './template-instance.ts';

const signature = 0x2a2a;
const smallestRecord = recordHead + recordTail;
/** Records begin at multiples of 8, and so do those that are looked for after damage. */
const grain = 8;
/** Whole events of one chunk may take so many characters together; real ones take some hundred thousand. */
const chunkBudget = 1 << 24;

/** What a reader of chunks reports. */
export interface ChunkListener {
  /** The next record; the object is used again for the one after it. */
  record(record: EventRecord): void;
  damage(damage: Damage): void;
}

/** Reads the records of chunks, one chunk after the other, of any number of files. */
export class ChunkReader {
  readonly #cache = new TemplateCache();
  readonly #record: EventRecord;
  readonly #listener: ChunkListener;
  /** Names of elements and fields: few, and not to be forgotten for the many values. */
  readonly #names = new InternedTexts();

  constructor(listener: ChunkListener) {
    this.#listener = listener;
    this.#record = new EventRecord(new InternedTexts());
  }

  /** Reads the records of one chunk, which is at `offset` of its file. */
  read(chunk: ChunkView, header: ChunkHeader, available: number, offset: number): void {
    const from = header.kind === 'foreign' ? 0 : recordsFrom;
    const budget = new Budget(chunkBudget);
    const { verified, end } = header;
    const decoded = this.#decode(chunk, verified ? end : available);
    if (!verified) {
      // The end given by a header that does not match is not trusted either: the bytes after it are read too.
      const last = this.#walk(decoded, from, end, offset, false, budget, true, !header.endKnown);
      this.#walkOn(chunk, last.next, available, offset, last.number, budget);
      return;
    }
    this.#walk(decoded, from, end, offset, true, budget, true);
    this.#walkOn(chunk, end, available, offset, lastRecordNumber(chunk), budget);
  }

  /** The bytes before a chunk that does not begin where it should: whatever records are there, unverified. */
  readLoose(chunk: ChunkView, end: number, offset: number): void {
    this.#walk(this.#decode(chunk, end), 0, end, offset, false, new Budget(chunkBudget), true);
  }

  #decode(chunk: ChunkView, end: number): DecodedChunk {
    return new DecodedChunk(chunk, new ChunkNames(chunk, end, this.#names), end, this.#cache);
  }

  /**
   * Reads what was written after the header was, in a log that was copied live: records that go on counting where the
   * header stops. Everything else behind the end is left over from before, and was counted when it was current.
   */
  #walkOn(chunk: ChunkView, from: number, available: number, offset: number, last: number, budget: Budget): void {
    let end = from;
    for (let number = last + 1; ; number++) {
      const size = recordSize(chunk, end, available);
      if (size === 0 || recordNumber(chunk, end) !== number) break;
      end += size;
    }
    if (end === from) return;
    this.#listener.damage({
      offset: offset + from,
      because: "records follow that the chunk's header does not know yet",
    });
    this.#walk(this.#decode(chunk, available), from, end, offset, false, budget, false);
  }

  /**
   * Reads records from `from` to `end`. After damage it goes on with the next that can be one. `endsAnywhere`: the end is that
   * of the chunk, and the records may end before it.
   */
  #walk(
    decoded: DecodedChunk,
    from: number,
    end: number,
    offset: number,
    verified: boolean,
    budget: Budget,
    resynchronise: boolean,
    endsAnywhere = false,
  ): { next: number; number: number } {
    const { chunk } = decoded;
    this.#record.enter(decoded, offset, verified, budget);
    let at = from;
    let number = -1;
    while (at + smallestRecord <= end) {
      const size = recordSize(chunk, at, end);
      if (size === 0) {
        if (!resynchronise) break;
        const next = nextRecord(chunk, at + grain, end);
        const skipped = (next < 0 ? end : next) - at;
        const torn = tornRecord(chunk, at, end);
        // Behind the last record is room that was not used yet, or what was there before.
        const isRest = next < 0 && torn === undefined && number >= 0 && endsAnywhere;
        if (next >= 0 || !(isRest || onlyZeros(chunk, at, end)))
          this.#listener.damage({
            offset: offset + at,
            because: `${torn ?? 'no record begins here'}; ${skipped} bytes skipped`,
            ...(torn === undefined ? { lost: skipped, before: next >= 0 } : {}),
          });
        if (next < 0) return { next: end, number };
        at = next;
        continue;
      }
      number = recordNumber(chunk, at);
      this.#one(at, size, offset);
      at += size;
    }
    return { next: at, number };
  }

  #one(at: number, size: number, offset: number): void {
    let what = 'a record cannot be decoded';
    try {
      this.#record.read(at, size);
      what = 'an event cannot be shown whole';
      this.#listener.record(this.#record);
    } catch (error) {
      // Errors that are no damage are defects, and go on.
      if (!(error instanceof DamagedError)) throw error;
      this.#listener.damage({ offset: offset + at, because: `${what}: ${error.message}` });
    }
  }
}

/** The size of the record at `at`, when one is there that ends before `end`; else 0. */
function recordSize({ view }: ChunkView, at: number, end: number): number {
  if (at + smallestRecord > end || view.getUint32(at, true) !== signature) return 0;
  const size = view.getUint32(at + 4, true);
  if (size < smallestRecord || at + size > end || view.getUint32(at + size - recordTail, true) !== size) return 0;
  return size;
}

/** "record 6 of 2018-07-12T08:01:02Z is torn" where a record begins whose end is missing; undefined where none does. */
function tornRecord(chunk: ChunkView, at: number, end: number): string | undefined {
  const { view } = chunk;
  if (at + recordHead > end || view.getUint32(at, true) !== signature) return undefined;
  const written = ticksAt(view, at + 16);
  return `record ${recordNumber(chunk, at)}${isDate(written) ? ` of ${isoOf(written)}` : ''} is torn`;
}

function recordNumber({ view }: ChunkView, at: number): number {
  return view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 4_294_967_296;
}

function nextRecord(chunk: ChunkView, from: number, end: number): number {
  for (let at = from + ((grain - (from % grain)) % grain); at + smallestRecord <= end; at += grain)
    if (recordSize(chunk, at, end) > 0) return at;
  return -1;
}

function onlyZeros({ bytes }: ChunkView, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
