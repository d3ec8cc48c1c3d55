import type { Chunk } from './chunk.ts';

/** Types of binary XML values ([MS-EVEN6] 2.2.12); with `array` set it is a list of them. */
export const valueType = {
  nothing: 0x00,
  text: 0x01,
  ansi: 0x02,
  boolean: 0x0d,
  binary: 0x0e,
  guid: 0x0f,
  size: 0x10,
  fileTime: 0x11,
  systemTime: 0x12,
  sid: 0x13,
  hex32: 0x14,
  hex64: 0x15,
  fragment: 0x21,
  array: 0x80,
} as const;

/** Bytes of the types whose values all have the same size; 0 for the others. */
export const fixedSize: Readonly<Record<number, number>> = {
  3: 1,
  4: 1,
  5: 2,
  6: 2,
  7: 4,
  8: 4,
  9: 8,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  15: 16,
  17: 8,
  18: 16,
  20: 4,
  21: 8,
};

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');

/** UTF-16 text without the zeros that may end it. */
export function textAt({ bytes, view }: Chunk, at: number, length: number): string {
  let end = at + length - (length % 2);
  while (end > at && view.getUint16(end - 2, true) === 0) end -= 2;
  if (end - at > 64) return bytes.toString('utf16le', at, end);
  let text = '';
  for (let i = at; i < end; i += 2) text += String.fromCharCode(view.getUint16(i, true));
  return text;
}

/** `2025-06-08T07:15:09.2216228Z` from 100 ns since 1601. */
export function fileTimeText(value: bigint): string {
  const ms = value / 10_000n - 11_644_473_600_000n;
  const instant = new Date(Number(ms));
  if (Number.isNaN(instant.getTime())) return `0x${value.toString(16)}`;
  return `${instant.toISOString().slice(0, 19)}.${String(value % 10_000_000n).padStart(7, '0')}Z`;
}

function systemTimeText(view: DataView, at: number): string {
  const part = (index: number, width: number) => String(view.getUint16(at + index * 2, true)).padStart(width, '0');
  return `${part(0, 4)}-${part(1, 2)}-${part(3, 2)}T${part(4, 2)}:${part(5, 2)}:${part(6, 2)}.${part(7, 3)}Z`;
}

function guidText({ bytes, view }: Chunk, at: number): string {
  const tail = [...bytes.subarray(at + 8, at + 16)].map(hex2).join('');
  const first = view.getUint32(at, true).toString(16).padStart(8, '0');
  const [second, third] = [4, 6].map((by) =>
    view
      .getUint16(at + by, true)
      .toString(16)
      .padStart(4, '0'),
  );
  return `{${first}-${second}-${third}-${tail.slice(0, 4)}-${tail.slice(4)}}`;
}

/** A security identifier of at most `length` bytes; as bytes when it says that it is longer. */
function sidText(chunk: Chunk, at: number, length: number): string {
  const { bytes, view } = chunk;
  const count = length >= 8 ? (bytes[at + 1] ?? 0) : 0;
  if (length < 8 || 8 + count * 4 > length) return hexText(chunk, at, length);
  const authority = view.getUint16(at + 2, false) * 2 ** 32 + view.getUint32(at + 4, false);
  let text = `S-${bytes[at]}-${authority}`;
  for (let i = 0; i < count; i++) text += `-${view.getUint32(at + 8 + i * 4, true)}`;
  return text;
}

function hexText({ bytes }: Chunk, at: number, length: number): string {
  return bytes.toString('hex', at, at + length).toUpperCase();
}

/**
 * A value as Windows' Event Viewer writes it into XML: hexadecimal numbers without leading zeros, GUIDs in braces and
 * lower case, times with 100 ns. A value that is shorter than its type is written as bytes. Throws a RangeError when it
 * reaches out of the chunk.
 */
export function valueText(chunk: Chunk, at: number, length: number, type: number): string {
  const { bytes, view } = chunk;
  if (at + length > bytes.length) throw new RangeError('a value reaches out of its chunk');
  const size = fixedSize[type] ?? 0;
  if (length === 0) return '';
  if (size > length) return hexText(chunk, at, length);
  switch (type) {
    case 0x00:
      return '';
    case 0x01:
      return textAt(chunk, at, length);
    case 0x02:
      return bytes.toString('latin1', at, at + length).replace(/\0+$/, '');
    case 0x03:
      return String(view.getInt8(at));
    case 0x04:
      return String(view.getUint8(at));
    case 0x05:
      return String(view.getInt16(at, true));
    case 0x06:
      return String(view.getUint16(at, true));
    case 0x07:
      return String(view.getInt32(at, true));
    case 0x08:
      return String(view.getUint32(at, true));
    case 0x09:
      return String(view.getBigInt64(at, true));
    case 0x0a:
      return String(view.getBigUint64(at, true));
    case 0x0b:
      return String(view.getFloat32(at, true));
    case 0x0c:
      return String(view.getFloat64(at, true));
    case 0x0d:
      return view.getUint32(at, true) === 0 ? 'false' : 'true';
    case 0x0f:
      return guidText(chunk, at);
    case 0x10:
      return length >= 8
        ? `0x${view.getBigUint64(at, true).toString(16)}`
        : `0x${view.getUint32(at, true).toString(16)}`;
    case 0x11:
      return fileTimeText(view.getBigUint64(at, true));
    case 0x12:
      return systemTimeText(view, at);
    case 0x13:
      return sidText(chunk, at, length);
    case 0x14:
      return `0x${view.getUint32(at, true).toString(16)}`;
    case 0x15:
      return `0x${view.getBigUint64(at, true).toString(16)}`;
    default:
      return hexText(chunk, at, length);
  }
}

/** The values of an array (`type` without the array flag): each text, or each number of its size. */
export function arrayTexts(chunk: Chunk, at: number, length: number, type: number): string[] {
  if (type === valueType.text) {
    const texts: string[] = [];
    let from = at;
    for (let i = at; i + 1 < at + length; i += 2) {
      if (chunk.view.getUint16(i, true) !== 0) continue;
      texts.push(textAt(chunk, from, i - from));
      from = i + 2;
    }
    if (from < at + length) texts.push(textAt(chunk, from, at + length - from));
    return texts;
  }
  const size = fixedSize[type] ?? 0;
  if (size === 0) return [valueText(chunk, at, length, type)];
  return Array.from({ length: Math.floor(length / size) }, (_, i) => valueText(chunk, at + i * size, size, type));
}
