/** A tar archive is made of these: a header, then the content filled up to whole blocks. */
export const blockSize = 512;

/** What the header of a member says (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"). */
export interface TarHeader {
  /** Bytes of a name as they are; UTF-8 mostly. */
  name: string;
  size: number;
  modified: Date;
  /** '0' a file, '1' a hard link, '2' a symbolic link, '5' a folder; 'x', 'g', 'L', 'K' say more of what follows. */
  type: string;
  /** Where a link leads. */
  link: string;
}

const text = (block: Buffer, from: number, length: number): string => {
  const end = block.indexOf(0, from);
  return block.toString('utf8', from, end < 0 || end > from + length ? from + length : end);
};

/** A number of octal digits, or in base 256 as GNU tar writes large ones; null where it is none. */
function numberAt(block: Buffer, from: number, length: number): number | null {
  const first = block[from] ?? 0;
  if ((first & 0x80) !== 0) {
    // A negative one is no size and no time of interest.
    if (first !== 0x80) return null;
    let value = 0;
    for (let at = from + 1; at < from + length; at++) value = value * 256 + (block[at] ?? 0);
    return Number.isSafeInteger(value) ? value : null;
  }
  const digits = text(block, from, length).trim();
  return /^[0-7]{0,22}$/.test(digits) ? Number.parseInt(digits || '0', 8) : null;
}

const checksumAt = 148;

/** Does its checksum match? It is made with blanks in its own place; old writers summed signed bytes. */
function isSound(block: Buffer): boolean {
  const expected = numberAt(block, checksumAt, 8);
  let [unsigned, signed] = [0, 0];
  for (let at = 0; at < blockSize; at++) {
    const byte = at >= checksumAt && at < checksumAt + 8 ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte > 0x7f ? byte - 0x100 : byte;
  }
  return expected === unsigned || expected === signed;
}

/** Reads a header; null where the block is none. */
export function tarHeader(block: Buffer): TarHeader | null {
  if (block.length < blockSize || !isSound(block)) return null;
  const size = numberAt(block, 124, 12);
  const modified = numberAt(block, 136, 12) ?? 0;
  if (size === null) return null;
  // GNU's old format, "ustar  ", has other fields in the place of the prefix.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    modified: dateOf(modified),
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0x30),
    link: text(block, 157, 100),
  };
}

export const dateOf = (seconds: number): Date => new Date(seconds >= 0 && seconds < 2 ** 36 ? seconds * 1000 : 0);

/** Does a file begin as a tar archive? */
export const beginsAsTar = (head: Buffer): boolean => head.length >= blockSize && tarHeader(head) !== null;

/** The records of a pax header, "27 path=some/name\n" each. What is no record ends them. */
export function paxRecords(content: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at);
    if (blank < 0 || blank - at > 10) break;
    const length = Number(content.toString('latin1', at, blank));
    if (!Number.isInteger(length) || length <= blank - at + 1 || at + length > content.length) break;
    const record = content.toString('utf8', blank + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
