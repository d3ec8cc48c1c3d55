/** A member that is written: its header may say what no writer would. */
export interface TarEntry {
  name: string;
  content?: Buffer | string;
  /** '0' a file, '2' a symbolic link, '5' a folder. */
  type?: string;
  link?: string;
  size?: number;
  prefix?: string;
  modified?: number;
  /** Of old GNU tar, in the place of POSIX'. */
  gnu?: boolean;
  /** Has it another checksum than that of its bytes? */
  torn?: boolean;
  /** Large sizes in base 256, as GNU tar writes them. */
  binary?: boolean;
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.name.slice(0, 100), 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (entry.binary) {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  } else block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(`${(entry.modified ?? 1_795_564_800).toString(8).padStart(11, '0')}\0`, 136);
  block.write(entry.type ?? '0', 156);
  block.write(entry.link ?? '', 157);
  block.write(entry.gnu ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  block.write(entry.prefix ?? '', 345);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, entry.torn ? 1 : 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** One member by POSIX.1-2017's ustar, byte by byte. */
export function tarMember(entry: TarEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const filled = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  content.copy(filled);
  return Buffer.concat([header(entry, entry.size ?? content.length), filled]);
}

/** A record of a pax header, with its own length in front. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const digits = String(bytes + String(bytes).length).length;
  return `${bytes + digits}${rest}`;
}

/** An archive with the two empty blocks at its end. */
export const writeTar = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([...entries.map(tarMember), Buffer.alloc(1024)]);
