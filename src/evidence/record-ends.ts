/** Finds where records end in a text that comes piece by piece. */
export interface RecordEnds {
  /** The place after the last record that ends within the first `length` bytes; 0 where none does. */
  last(bytes: Buffer, length: number): number;
  /** The first `bytes` bytes are gone. */
  moved(bytes: number): void;
  /** Why no further record is found, and at which byte, without a byte order mark; undefined as long as all is well. */
  readonly fault?: { why: string; at: number } | undefined;
  /** All has come: why it can be no whole text of its form; undefined where it is one. */
  end?(): string | undefined;
  /** At an end that is none: are the bytes since the last record a whole one? */
  readonly whole?: boolean;
}
