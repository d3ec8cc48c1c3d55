import type { Ticks } from '../triage/logons/ticks.ts';
import { float64s, uint32s } from './growing-column.ts';

const mostRanges = 4096;

/**
 * The record ids that were read, as ranges: a log holds them without gaps, mostly in order. An id outside of all of them
 * cannot be that of an event which was read before.
 */
export class RecordRanges {
  /** Ascending and apart; both ends are included. */
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  #latest = 0;

  /** Adds an id; true when its event may have been read before. */
  add(id: number): boolean {
    const latest = this.#latest;
    // In order, an id goes on where the one before it ended.
    if (this.#last[latest] === id - 1 && !((this.#first[latest + 1] ?? Number.POSITIVE_INFINITY) <= id)) {
      this.#last[latest] = id;
      return false;
    }
    let at = 0;
    for (let high = this.#first.length; at < high; ) {
      const middle = (at + high) >>> 1;
      if ((this.#first[middle] ?? 0) <= id) at = middle + 1;
      else high = middle;
    }
    const before = at - 1;
    if (before >= 0 && (this.#last[before] ?? 0) >= id) return true;
    // A selection of single records: everything may be there twice from now on.
    if (this.#first.length >= mostRanges) return true;
    if (before >= 0 && this.#last[before] === id - 1) {
      this.#last[before] = id;
      this.#latest = before;
    } else {
      this.#first.splice(at, 0, id);
      this.#last.splice(at, 0, id);
      this.#latest = at;
    }
    return false;
  }
}

/** Events by computer, record id and time, each with a number of its own choice. */
export class SeenEvents {
  readonly #recordId = float64s();
  readonly #time = float64s();
  readonly #computer = uint32s();
  readonly #value = uint32s();
  #slots = new Int32Array(1 << 12).fill(-1);

  /** The number of the event that was added before with the same three; -1 when there is none, and it is added. */
  add(computer: number, recordId: number, time: Ticks, value: number): number {
    if (this.#value.length * 2 > this.#slots.length) this.#grow();
    const slot = this.#slotOf(computer, recordId, time);
    const row = this.#slots[slot] ?? -1;
    if (row >= 0) return this.#value.at(row);
    this.#slots[slot] = this.#value.length;
    this.#recordId.push(recordId);
    this.#time.push(time);
    this.#computer.push(computer);
    this.#value.push(value);
    return -1;
  }

  /** Was the event with these three added before? */
  has(computer: number, recordId: number, time: Ticks): boolean {
    return (this.#slots[this.#slotOf(computer, recordId, time)] ?? -1) >= 0;
  }

  /** Where the event is, or else the free slot for it. */
  #slotOf(computer: number, recordId: number, time: Ticks): number {
    const mask = this.#slots.length - 1;
    let slot = hash(computer, recordId, time) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] ?? -1;
      if (row < 0) return slot;
      if (this.#recordId.at(row) === recordId && this.#time.at(row) === time && this.#computer.at(row) === computer)
        return slot;
    }
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4).fill(-1);
    const mask = slots.length - 1;
    for (let row = 0; row < this.#value.length; row++) {
      let slot = hash(this.#computer.at(row), this.#recordId.at(row), this.#time.at(row)) & mask;
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
      slots[slot] = row;
    }
    this.#slots = slots;
  }
}

function hash(computer: number, recordId: number, time: Ticks): number {
  let mixed = Math.imul(recordId | 0, 0x9e3779b1) ^ Math.imul(time | 0, 0x85ebca6b) ^ Math.imul(computer, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
