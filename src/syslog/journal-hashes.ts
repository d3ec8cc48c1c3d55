/** A hash of 64 bits, in two halves. */
export type Hash64 = readonly [low: number, high: number];

/**
 * The hashes by which a journal knows its data: SipHash-2-4 keyed with the id of the file, or, in older files, lookup3
 * (systemd's "Journal File Format"; "SipHash: a fast short-input PRF" by Aumasson and Bernstein; lookup3.c by Bob Jenkins).
 */
export function sipHash(bytes: Buffer, key: Buffer): Hash64 {
  const k = [0, 4, 8, 12].map((at) => key.readInt32LE(at));
  const [k0l = 0, k0h = 0, k1l = 0, k1h = 0] = k;
  // Four words of 64 bits, the low half of each first.
  const v = Int32Array.of(
    k0l ^ 0x70736575,
    k0h ^ 0x736f6d65,
    k1l ^ 0x6e646f6d,
    k1h ^ 0x646f7261,
    k0l ^ 0x6e657261,
    k0h ^ 0x6c796765,
    k1l ^ 0x79746573,
    k1h ^ 0x74656462,
  );
  const whole = bytes.length & ~7;
  for (let at = 0; at < whole; at += 8) compress(v, bytes.readInt32LE(at), bytes.readInt32LE(at + 4));
  const last = Buffer.alloc(8);
  bytes.copy(last, 0, whole);
  last[7] = bytes.length & 0xff;
  compress(v, last.readInt32LE(0), last.readInt32LE(4));
  v[4] = (v[4] ?? 0) ^ 0xff;
  for (let i = 0; i < 4; i++) round(v);
  const half = (at: number): number => ((v[at] ?? 0) ^ (v[at + 2] ?? 0) ^ (v[at + 4] ?? 0) ^ (v[at + 6] ?? 0)) >>> 0;
  return [half(0), half(1)];
}

function compress(v: Int32Array, low: number, high: number): void {
  v[6] = (v[6] ?? 0) ^ low;
  v[7] = (v[7] ?? 0) ^ high;
  round(v);
  round(v);
  v[0] = (v[0] ?? 0) ^ low;
  v[1] = (v[1] ?? 0) ^ high;
}

function round(v: Int32Array): void {
  add(v, 0, 2);
  rotate(v, 2, 13);
  xor(v, 2, 0);
  rotate(v, 0, 32);
  add(v, 4, 6);
  rotate(v, 6, 16);
  xor(v, 6, 4);
  add(v, 0, 6);
  rotate(v, 6, 21);
  xor(v, 6, 0);
  add(v, 4, 2);
  rotate(v, 2, 17);
  xor(v, 2, 4);
  rotate(v, 4, 32);
}

function add(v: Int32Array, to: number, from: number): void {
  const low = ((v[to] ?? 0) >>> 0) + ((v[from] ?? 0) >>> 0);
  v[to + 1] = (v[to + 1] ?? 0) + (v[from + 1] ?? 0) + (low > 0xffff_ffff ? 1 : 0);
  v[to] = low | 0;
}

function xor(v: Int32Array, to: number, from: number): void {
  v[to] = (v[to] ?? 0) ^ (v[from] ?? 0);
  v[to + 1] = (v[to + 1] ?? 0) ^ (v[from + 1] ?? 0);
}

/** To the left, by up to 32 bits. */
function rotate(v: Int32Array, at: number, by: number): void {
  const [low, high] = [v[at] ?? 0, v[at + 1] ?? 0];
  v[at] = by === 32 ? high : (low << by) | (high >>> (32 - by));
  v[at + 1] = by === 32 ? low : (high << by) | (low >>> (32 - by));
}

const turned = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** `hashlittle2` of lookup3, with both seeds zero; the second of its results is the low half here. */
export function lookup3(bytes: Buffer): Hash64 {
  let a = (0xdeadbeef + bytes.length) | 0;
  let [b, c] = [a, a];
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + bytes.readInt32LE(at)) | 0;
    b = (b + bytes.readInt32LE(at + 4)) | 0;
    c = (c + bytes.readInt32LE(at + 8)) | 0;
    a = ((a - c) | 0) ^ turned(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ turned(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ turned(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ turned(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ turned(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ turned(b, 4);
    b = (b + a) | 0;
  }
  if (at === bytes.length) return [b >>> 0, c >>> 0];
  const last = Buffer.alloc(12);
  bytes.copy(last, 0, at);
  a = (a + last.readInt32LE(0)) | 0;
  b = (b + last.readInt32LE(4)) | 0;
  c = (c + last.readInt32LE(8)) | 0;
  c = ((c ^ b) - turned(b, 14)) | 0;
  a = ((a ^ c) - turned(c, 11)) | 0;
  b = ((b ^ a) - turned(a, 25)) | 0;
  c = ((c ^ b) - turned(b, 16)) | 0;
  a = ((a ^ c) - turned(c, 4)) | 0;
  b = ((b ^ a) - turned(a, 14)) | 0;
  c = ((c ^ b) - turned(b, 24)) | 0;
  return [b >>> 0, c >>> 0];
}
