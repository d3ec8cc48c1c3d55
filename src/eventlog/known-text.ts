import type { ChunkView } from './chunk-view.ts';
import { sameBytes } from './same-bytes.ts';

/** A text that values of events are compared with, over and over: byte by byte, so that no string is made of them. */
export class KnownText {
  readonly text: string;
  readonly #bytes: DataView;

  constructor(text: string) {
    this.text = text;
    this.#bytes = new DataView(Uint8Array.from(Buffer.from(text, 'utf16le')).buffer);
  }

  /** Do the `length` bytes at `at` say it, in UTF-16? A text with zeros behind it is another one here. */
  standsAt({ view }: ChunkView, at: number, length: number): boolean {
    return length === this.#bytes.byteLength && sameBytes(this.#bytes, 0, length, view, at);
  }
}
