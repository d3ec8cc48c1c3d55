/** An IPv4 or IPv6 block as numbers: first and last address, and the width of addresses in bits. */
export interface Block {
  first: bigint;
  last: bigint;
  bits: 32 | 128;
}

function readV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function readV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !/^[0-9a-f:.]+$/i.test(text)) return undefined;
  const words = (half: string | undefined): string[] => (half === undefined || half === '' ? [] : half.split(':'));
  const head = words(halves[0]);
  const tail = words(halves[1]);
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const word of [...head, ...Array<string>(halves.length === 1 ? 0 : missing).fill('0'), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(word)) return undefined;
    value = value * 65536n + BigInt(`0x${word}`);
  }
  return value;
}

/** Reads an address or a CIDR block; `exact` refuses a block whose host part is not zero, as Azure does. */
export function readBlock(text: string, exact = false): Block | undefined {
  const [address = '', length, more] = text.split('/');
  if (more !== undefined) return undefined;
  const bits = address.includes(':') ? 128 : 32;
  const value = bits === 32 ? readV4(address) : readV6(address);
  if (value === undefined) return undefined;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = (value / size) * size;
  if (exact && first !== value) return undefined;
  return { first, last: first + size - 1n, bits };
}

/** An IPv4 address in dotted form. */
export const printV4 = (value: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');

/** Whether a block contains another. */
export const contains = (outer: Block, inner: Block): boolean =>
  outer.bits === inner.bits && outer.first <= inner.first && outer.last >= inner.last;

/** The fewest IPv4 CIDR blocks that make up a range. */
function blocksOf(first: bigint, last: bigint): string[] {
  const blocks: string[] = [];
  let start = first;
  while (start <= last) {
    let bits = 0n;
    while (bits < 32n && start % (1n << (bits + 1n)) === 0n && start + (1n << (bits + 1n)) - 1n <= last) bits += 1n;
    blocks.push(`${printV4(start)}/${32n - bits}`);
    start += 1n << bits;
  }
  return blocks;
}

/** The IPv4 address space without some blocks, as CIDR blocks. */
export function restOf(taken: Block[]): string[] {
  const sorted = taken.filter((block) => block.bits === 32).sort((a, b) => (a.first < b.first ? -1 : 1));
  const rest: string[] = [];
  let next = 0n;
  for (const block of sorted) {
    if (block.first > next) rest.push(...blocksOf(next, block.first - 1n));
    if (block.last + 1n > next) next = block.last + 1n;
  }
  if (next <= 0xffffffffn) rest.push(...blocksOf(next, 0xffffffffn));
  return rest;
}
