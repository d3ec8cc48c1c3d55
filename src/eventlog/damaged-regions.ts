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
  /** A chunk whose checksums do not match, up to its end: the first damage within it says why. */
  #unverified: { damage: Damage; end: number } | null = null;
  /** Chunks of zeros that have come one after the other: room for more at the end of a log, a loss between two chunks. */
  #zeros: { from: number; to: number } | null = null;

  constructor(report: (damage: Damage) => void) {
    this.#report = report;
  }

  /** Takes a chunk whose checksums do not match. */
  unverified(damage: Damage, length: number): void {
    this.flush();
    this.#unverified = { damage, end: damage.offset + length };
  }

  /** Takes a place where a chunk should begin, and none does. */
  chunk(damage: Damage): void {
    this.#flushUnverified();
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
    const unverified = this.#unverified;
    if (unverified && damage.offset < unverified.end) {
      this.#unverified = null;
      const { offset, because } = unverified.damage;
      this.#report({ offset, because: `${because}; at ${damage.offset}: ${damage.because}` });
      return;
    }
    this.#flushUnverified();
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

  #flushUnverified(): void {
    const held = this.#unverified;
    this.#unverified = null;
    if (held) this.#report(held.damage);
  }

  /** Reports what is still held back. */
  flush(): void {
    this.#flushUnverified();
    const [from, lost, chunk] = [this.#from, this.#to - this.#from, this.#chunk];
    this.#from = this.#to = 0;
    this.#chunk = null;
    if (lost > 0) this.#report({ offset: from, because: `no chunk begins here, and no record; ${lost} bytes skipped` });
    if (chunk !== null) this.#report(chunk);
  }
}
