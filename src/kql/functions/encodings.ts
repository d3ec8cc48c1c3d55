import { gunzipSync, inflateSync } from 'node:zlib';
import { argument, arrays, type Call, dynamics, type Implementation, texts } from '../call.ts';
import { fail } from '../scope.ts';
import { isNumeric, type Value } from '../values.ts';
import { decodePunycode, encodePunycode } from './punycode.ts';

/** Functions between texts and their encodings: base64, compression, code points, Punycode. */

/** What one text may be decompressed to. */
const MAX_BYTES = 64 * 1024 * 1024;

function bytesOf(text: string): Buffer | null {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : null;
}

const mapped =
  (map: (text: string) => Value): Implementation =>
  (call) => {
    const read = texts(call, 0);
    return (row) => map(read(row));
  };

/** The text of decompressed bytes; empty where it fails, as the pages of these functions say. */
const decompressed =
  (decompress: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer): Implementation =>
  (call: Call) => {
    const read = texts(call, 0);
    return (row) => {
      const bytes = bytesOf(read(row));
      if (!bytes) return '';
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
          decompress(bytes, { maxOutputLength: MAX_BYTES }),
        );
      } catch (error) {
        if (Reflect.get(Object(error), 'code') === 'ERR_BUFFER_TOO_LARGE') {
          return fail('limit', `${call.name}() makes more than ${MAX_BYTES} bytes.`, call.node, call.scope);
        }
        return '';
      }
    };
  };

/** The order of a GUID's bytes: its first three parts are little-endian. */
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

function guidOf(text: string): Value {
  const bytes = bytesOf(text);
  if (bytes?.length !== 16) return null;
  const hex = GUID_ORDER.map((at) => (bytes[at] ?? 0).toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function fromGuid(guid: Value): string {
  const bytes = Buffer.from(String(guid).replaceAll('-', ''), 'hex');
  return Buffer.from(GUID_ORDER.map((at) => bytes[at] ?? 0)).toString('base64');
}

/** Code points as a text: numbers, and arrays of them; null where one is none. */
const codePoints: Implementation = (call) => {
  const reads = call.args.map((_, i) => dynamics(call, i));
  return (row) => {
    const values = reads.flatMap((read) => {
      const value = read(row);
      return Array.isArray(value) ? value : [value];
    });
    if (!values.every(isNumeric)) return '';
    const points = values.map(Number);
    if (!points.every((p) => Number.isInteger(p) && p >= 0 && p <= 0x10ffff)) return '';
    return points.map((p) => String.fromCodePoint(p)).join('');
  };
};

const PREFIX = 'xn--';

/** The labels of a domain, each changed by itself. */
const byLabel =
  (change: (label: string) => string): Implementation =>
  (call) => {
    const read = texts(call, 0);
    return (row) => read(row).split('.').map(change).join('.');
  };

export const ENCODING_FUNCTIONS: Record<string, Implementation> = {
  base64_decode_toarray: mapped((text) => {
    const bytes = bytesOf(text);
    return bytes && text !== '' ? [...bytes] : null;
  }),
  base64_encode_fromarray: (call) => {
    const read = arrays(call, 0);
    return (row) => {
      const array = read(row);
      const isBytes = array?.every((v) => typeof v === 'number' && Number.isInteger(v) && v >= 0 && v < 256);
      return array && isBytes ? Buffer.from(array.map(Number)).toString('base64') : '';
    };
  },
  base64_decode_toguid: mapped(guidOf),
  base64_encode_fromguid: (call) => {
    const { at } = argument(call, 0);
    return (row) => {
      const guid = at(row);
      return guid === null ? '' : fromGuid(guid);
    };
  },
  zlib_decompress_from_base64_string: decompressed(inflateSync),
  gzip_decompress_from_base64_string: decompressed(gunzipSync),
  unicode_codepoints_to_string: codePoints,
  make_string: codePoints,
  to_utf8: mapped((text) => [...text].map((c) => c.codePointAt(0) ?? 0)),
  punycode_from_string: mapped((text) => encodePunycode(text)),
  punycode_to_string: mapped((text) => decodePunycode(text) ?? ''),
  punycode_domain_from_string: byLabel((label) =>
    /[^\0-\x7f]/.test(label) ? `${PREFIX}${encodePunycode(label)}` : label,
  ),
  punycode_domain_to_string: byLabel((label) =>
    label.startsWith(PREFIX) ? (decodePunycode(label.slice(PREFIX.length)) ?? '') : label,
  ),
};
