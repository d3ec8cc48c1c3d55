import { type ChunkView, textAt } from './chunk-view.ts';
import { DamagedError } from './damage.ts';
import { filetimeText, systemtimeText } from './filetime.ts';

/** Types of values in binary XML, [MS-EVEN6] 2.2.12 and <winevt.h>'s EVT_VARIANT_TYPE. */
export const valueType = {
  null: 0x00,
  string: 0x01,
  ansiString: 0x02,
  int8: 0x03,
  uint8: 0x04,
  int16: 0x05,
  uint16: 0x06,
  int32: 0x07,
  uint32: 0x08,
  int64: 0x09,
  uint64: 0x0a,
  real32: 0x0b,
  real64: 0x0c,
  boolean: 0x0d,
  binary: 0x0e,
  guid: 0x0f,
  sizeT: 0x10,
  filetime: 0x11,
  systemtime: 0x12,
  sid: 0x13,
  hexInt32: 0x14,
  hexInt64: 0x15,
  binXml: 0x21,
  /** Or'ed to a type: several values of it. */
  array: 0x80,
} as const;

/** Bytes of a value of each type that has a fixed size; a `size_t` has 4 or 8. */
const fixedSize: Record<number, number> = {
  [valueType.int8]: 1,
  [valueType.uint8]: 1,
  [valueType.int16]: 2,
  [valueType.uint16]: 2,
  [valueType.int32]: 4,
  [valueType.uint32]: 4,
  [valueType.int64]: 8,
  [valueType.uint64]: 8,
  [valueType.real32]: 4,
  [valueType.real64]: 8,
  [valueType.boolean]: 4,
  [valueType.guid]: 16,
  [valueType.filetime]: 8,
  [valueType.systemtime]: 16,
  [valueType.hexInt32]: 4,
  [valueType.hexInt64]: 8,
};

/** The size of a value that is in the XML itself, without a length before it. Null when it has none. */
export function inlineSize({ bytes }: ChunkView, at: number, type: number): number | null {
  if (type === valueType.null) return 0;
  if (type === valueType.sid) return 8 + 4 * (bytes[at + 1] ?? 0);
  return fixedSize[type] ?? null;
}

function guidText(bytes: Buffer, at: number): string {
  const hex = (from: number, to: number): string => bytes.toString('hex', at + from, at + to);
  const turned = (from: number, to: number): string =>
    Buffer.from(bytes.subarray(at + from, at + to))
      .reverse()
      .toString('hex');
  return `{${turned(0, 4)}-${turned(4, 6)}-${turned(6, 8)}-${hex(8, 10)}-${hex(10, 16)}}`;
}

function sidText({ bytes, view }: ChunkView, at: number, length: number): string {
  const parts = bytes[at + 1] ?? 0;
  if (length < 8 || length < 8 + 4 * parts) throw new DamagedError(at, 'a SID is cut off');
  let text = `S-${bytes[at]}-${bytes.readUIntBE(at + 2, 6)}`;
  for (let i = 0; i < parts; i++) text += `-${view.getUint32(at + 8 + 4 * i, true)}`;
  return text;
}

function ansiText(bytes: Buffer, at: number, length: number): string {
  return bytes.toString('latin1', at, at + length).replace(/\0+$/, '');
}

function realText(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** One value as Windows renders it in an event's XML. Throws a DamagedError when its size is not that of its type. */
export function valueText(chunk: ChunkView, at: number, length: number, type: number): string {
  const { bytes, view } = chunk;
  if (length === 0) return '';
  const size = fixedSize[type];
  if (size !== undefined && length < size) throw new DamagedError(at, `a value of type ${type} has ${length} bytes`);
  switch (type) {
    case valueType.null:
      return '';
    case valueType.string:
      return textAt(chunk, at, length);
    case valueType.ansiString:
      return ansiText(bytes, at, length);
    case valueType.int8:
      return String(view.getInt8(at));
    case valueType.uint8:
      return String(view.getUint8(at));
    case valueType.int16:
      return String(view.getInt16(at, true));
    case valueType.uint16:
      return String(view.getUint16(at, true));
    case valueType.int32:
      return String(view.getInt32(at, true));
    case valueType.uint32:
      return String(view.getUint32(at, true));
    case valueType.int64:
      return String(view.getBigInt64(at, true));
    case valueType.uint64:
      return String(view.getBigUint64(at, true));
    case valueType.real32:
      return realText(Number(view.getFloat32(at, true).toPrecision(7)));
    case valueType.real64:
      return realText(view.getFloat64(at, true));
    case valueType.boolean:
      return view.getUint32(at, true) === 0 ? 'false' : 'true';
    case valueType.guid:
      return guidText(bytes, at);
    case valueType.sizeT:
      if (length !== 4 && length !== 8) throw new DamagedError(at, `a size_t has ${length} bytes`);
      return `0x${(length === 8 ? view.getBigUint64(at, true) : view.getUint32(at, true)).toString(16)}`;
    case valueType.filetime:
      return filetimeText(view, at);
    case valueType.systemtime:
      return systemtimeText(view, at);
    case valueType.sid:
      return sidText(chunk, at, length);
    case valueType.hexInt32:
      return `0x${view.getUint32(at, true).toString(16)}`;
    case valueType.hexInt64:
      return `0x${view.getBigUint64(at, true).toString(16)}`;
    default:
      return bytes.toString('hex', at, at + length).toUpperCase();
  }
}

/** The values of an array, in their order: `type` is that of one of them. */
export function arrayTexts(chunk: ChunkView, at: number, length: number, type: number): string[] {
  if (length === 0) return [];
  if (type === valueType.string) {
    const texts = chunk.bytes.toString('utf16le', at, at + length - (length % 2)).split('\0');
    if (texts.at(-1) === '') texts.pop();
    return texts;
  }
  if (type === valueType.ansiString) return ansiText(chunk.bytes, at, length).split('\0');
  const texts: string[] = [];
  if (type === valueType.sid) {
    for (let from = at; from + 8 <= at + length; ) {
      const size = 8 + 4 * (chunk.bytes[from + 1] ?? 0);
      texts.push(sidText(chunk, from, Math.min(size, at + length - from)));
      from += size;
    }
    return texts;
  }
  // Nothing gives the width of an array's size_t; 64-bit Windows writes eight bytes.
  const size = type === valueType.sizeT ? (length % 8 === 0 ? 8 : 4) : fixedSize[type];
  if (size === undefined) return [valueText(chunk, at, length, valueType.binary)];
  for (let from = at; from + size <= at + length; from += size) texts.push(valueText(chunk, from, size, type));
  return texts;
}
