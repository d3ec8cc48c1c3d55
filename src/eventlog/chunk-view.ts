/** The size of a chunk in bytes: [MS-EVEN6] knows the file as a header of 4096 bytes and chunks of this size. */
export const chunkSize = 65_536;
/** Where the records of a chunk begin. */
export const recordsFrom = 0x200;

/** One chunk's bytes. Everything that a chunk refers to is an offset within it. */
export interface ChunkView {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** The chunk at `offset` of a buffer. */
export function chunkViewAt(buffer: ArrayBufferLike, offset: number): ChunkView {
  return { bytes: Buffer.from(buffer, offset, chunkSize), view: new DataView(buffer, offset, chunkSize) };
}

/** UTF-16 text of `length` bytes, without the zeros that may end it. */
export function textAt({ bytes }: ChunkView, at: number, length: number): string {
  let end = at + length - (length % 2);
  while (end > at && bytes[end - 1] === 0 && bytes[end - 2] === 0) end -= 2;
  return bytes.toString('utf16le', at, end);
}
