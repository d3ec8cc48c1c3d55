import { counted } from '../text/counts.ts';
import { chunkSize } from './chunk-view.ts';
import type { Damage } from './damage.ts';

/** Nothing can be read from `offset` on, for so many bytes; `before`: records follow on them. */
export interface LostBytes extends Damage {
  lost: number;
  before: boolean;
}

const isLost = (damage: Damage): damage is LostBytes => 'lost' in damage;

/** The preallocated end of a log is chunk after chunk of what was on the disk before: such a region is one place of damage. */
export class DamagedRegions {
  readonly #report: (damage: Damage) => void;
  /** The region so far. */
  #from = 0;
  #to = 0;
  /** A chunk that does not begin as one, whose records are still to be looked for. */
  #chunk: Damage | null = null;
  /** Chunks of zeros that have come one after the other: room for more at the end of a log, a loss between two chunks. */
  #zeros: { from: number; to: number } | null = null;

  constructor(report: (damage: Damage) => void) {
    this.#report = report;
  }

  /** Takes a chunk whose checksums do not match. */
  unverified(damage: Damage, length: number): void {
    this.flush();
    this.#report({ ...damage, until: damage.offset + length });
  }

  /** Takes a place where a chunk should begin, and none does. */
  chunk(damage: Damage): void {
    if (this.#chunk !== null || damage.offset !== this.#to) this.flush();
    if (this.#to === this.#from) this.#from = this.#to = damage.offset;
    this.#chunk = damage;
  }

  /** Takes a chunk of zeros. */
  zeros(offset: number, length: number): void {
    this.#zeros = { from: this.#zeros?.from ?? offset, to: offset + length };
  }

  /** A chunk begins at a place: how many bytes of zeros there are before it, which it reports. */
  chunkAfterZeros(offset: number): number {
    const zeros = this.#zeros;
    this.#zeros = null;
    if (zeros === null || zeros.to !== offset) return 0;
    const lost = zeros.to - zeros.from;
    this.damage({
      offset: zeros.from,
      because: `zeros in the place of ${counted(Math.ceil(lost / chunkSize), 'chunk')}`,
    });
    return lost;
  }

  /** Takes any other. */
  damage(damage: Damage): void {
    if (this.#chunk !== null && isLost(damage) && damage.offset === this.#chunk.offset) {
      const { because } = this.#chunk;
      this.#chunk = null;
      if (damage.before) {
        this.flush();
        this.#report({ offset: damage.offset, because: `${because}; ${damage.lost} bytes skipped` });
      } else this.#to = damage.offset + damage.lost;
      return;
    }
    this.flush();
    this.#report({ offset: damage.offset, because: damage.because });
  }

  /** Reports what is still held back. */
  flush(): void {
    const [from, lost, chunk] = [this.#from, this.#to - this.#from, this.#chunk];
    this.#from = this.#to = 0;
    this.#chunk = null;
    if (lost > 0) this.#report({ offset: from, because: `no chunk begins here, and no record; ${lost} bytes skipped` });
    if (chunk !== null) this.#report(chunk);
  }
}

/**
 * A chunk whose checksums do not match and the first damage within it are one place. That damage may be found where a record
 * is looked at, which is not always where the chunk was read.
 */
export class DamagedChunks {
  readonly #report: (damage: Damage) => void;
  #held: Damage | null = null;

  constructor(report: (damage: Damage) => void) {
    this.#report = report;
  }

  /** Is there one that is not reported yet? */
  get isHolding(): boolean {
    return this.#held !== null;
  }

  damage(damage: Damage): void {
    const held = this.#held;
    if (held?.until !== undefined && damage.offset >= held.offset && damage.offset < held.until) {
      this.#held = null;
      this.#report({ offset: held.offset, because: `${held.because}; at ${damage.offset}: ${damage.because}` });
      return;
    }
    this.flush();
    if (damage.until === undefined) this.#report(damage);
    else this.#held = damage;
  }

  /** Reports what is still held back. */
  flush(): void {
    const held = this.#held;
    this.#held = null;
    if (held) this.#report({ offset: held.offset, because: held.because });
  }
}
