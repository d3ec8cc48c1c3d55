import { crc32, deflateRawSync } from 'node:zlib';

/** A member that is written: what its headers say may differ from what it is. */
export interface WrittenMember {
  name: string;
  content: Buffer | string;
  packed?: boolean;
  encrypted?: boolean;
  /** As the headers have them, where they lie. */
  says?: { bytes?: number; crc?: number };
  /** Sizes and offsets in the extra field of Zip64, as writers that stream do. */
  zip64?: boolean;
  /** Points at the bytes of an earlier member. */
  sharesWith?: number;
  modified?: Date;
  /** Mode of Unix, where its writer ran on that. */
  mode?: number;
  /** Bytes of its name, without the flag of UTF-8. */
  rawName?: Buffer;
}

const dosTime = (at: Date): number =>
  (((at.getUTCFullYear() - 1980) << 25) |
    ((at.getUTCMonth() + 1) << 21) |
    (at.getUTCDate() << 16) |
    (at.getUTCHours() << 11) |
    (at.getUTCMinutes() << 5) |
    (at.getUTCSeconds() >> 1)) >>>
  0;

const largest = 0xffff_ffff;

/** A .zip by APPNOTE 6.3.10, byte by byte, so that tests can have it say what a writer never would. */
export function writeZip(members: readonly WrittenMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  for (const member of members) {
    const content = Buffer.from(member.content);
    const packed = member.packed === false ? content : deflateRawSync(content);
    const name = member.rawName ?? Buffer.from(member.name);
    const modified = dosTime(member.modified ?? new Date(Date.UTC(2026, 10, 23)));
    const bytes = member.says?.bytes ?? content.length;
    const crc = member.says?.crc ?? crc32(content);
    const offset = member.sharesWith === undefined ? at : (offsets[member.sharesWith] ?? 0);
    offsets.push(offset);
    const flags = (member.rawName ? 0 : 0x0800) | (member.encrypted ? 1 : 0);
    const extra = Buffer.alloc(member.zip64 ? 28 : 0);
    if (member.zip64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      for (const [i, value] of [bytes, packed.length, offset].entries())
        extra.writeBigUInt64LE(BigInt(value), 4 + i * 8);
    }
    const sizes = (into: Buffer, from: number): void => {
      into.writeUInt32LE(member.zip64 ? largest : packed.length, from);
      into.writeUInt32LE(member.zip64 ? largest : bytes, from + 4);
    };
    const common = (into: Buffer, from: number): void => {
      into.writeUInt16LE(45, from);
      into.writeUInt16LE(flags, from + 2);
      into.writeUInt16LE(member.packed === false ? 0 : 8, from + 4);
      into.writeUInt32LE(modified, from + 6);
      into.writeUInt32LE(crc, from + 10);
      sizes(into, from + 14);
      into.writeUInt16LE(name.length, from + 22);
      into.writeUInt16LE(extra.length, from + 24);
    };
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    common(local, 4);
    if (member.sharesWith === undefined) {
      parts.push(local, name, extra, packed);
      at += local.length + name.length + extra.length + packed.length;
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(member.mode === undefined ? 45 : (3 << 8) | 45, 4);
    entry.writeUInt32LE(((member.mode ?? 0) << 16) >>> 0, 38);
    common(entry, 6);
    entry.writeUInt32LE(member.zip64 ? largest : offset, 42);
    directory.push(entry, name, extra);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, part) => sum + part.length, 0),
    12,
  );
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
