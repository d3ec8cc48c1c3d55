/** The content of a block of LZ4 (lz4_Block_format.md, 2022), `size` bytes; null where it is damaged. */
export function lz4Block(block: Buffer, size: number): Buffer | null {
  const out = Buffer.alloc(size);
  let [at, to] = [0, 0];
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble === 15)
      for (let more = 255; more === 255 && at < block.length; at++) {
        more = block[at] ?? 0;
        sum += more;
      }
    return sum;
  };
  while (at < block.length) {
    const token = block[at] ?? 0;
    at += 1;
    const literals = length(token >> 4);
    if (at + literals > block.length || to + literals > size) return null;
    block.copy(out, to, at, at + literals);
    at += literals;
    to += literals;
    if (at === block.length) return to === size ? out : null;
    const offset = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const match = length(token & 15) + 4;
    if (offset === 0 || offset > to || to + match > size) return null;
    // A match may reach into what it writes itself.
    for (let i = 0; i < match; i++) out[to + i] = out[to + i - offset] ?? 0;
    to += match;
  }
  return null;
}
