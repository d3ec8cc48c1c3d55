import { contentOf } from '../archives/open-file.ts';
import { type Ticks, ticksOfUnix } from '../triage/logons/ticks.ts';

/** A record of wtmp, btmp or utmp (utmp(5), bits/utmp.h of glibc). */
export interface UtmpRecord {
  at: Ticks;
  type: UtmpType;
  user: string;
  /** "pts/0", "ssh:notty". */
  line: string;
  /** As it was written: a name, or an address. */
  host: string;
  /** The address itself; "" where none was recorded. */
  address: string;
  processId: number;
  /** Bytes from the beginning of the file. */
  offset: number;
}

const types = [
  'EMPTY',
  'RUN_LVL',
  'BOOT_TIME',
  'NEW_TIME',
  'OLD_TIME',
  'INIT_PROCESS',
  'LOGIN_PROCESS',
  'USER_PROCESS',
  'DEAD_PROCESS',
  'ACCOUNTING',
] as const;
export type UtmpType = (typeof types)[number];

/** Sizes of a record: x86-64 keeps the times of 32 bits, 64-bit ARM has whole ones. */
interface Layout {
  size: number;
  time: number;
  wide: boolean;
  address: number;
}
const layouts: readonly Layout[] = [
  { size: 384, time: 340, wide: false, address: 348 },
  { size: 400, time: 344, wide: true, address: 360 },
];

const textAt = (bytes: Buffer, at: number, length: number): string => {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
};

/** From 1990 to 2100, seconds since 1970. */
const isTime = (seconds: number): boolean => seconds > 631_152_000 && seconds < 4_102_444_800;

function recordAt(bytes: Buffer, at: number, layout: Layout, offset: number): UtmpRecord | null {
  const type = types[bytes.readInt16LE(at)];
  const seconds = layout.wide ? Number(bytes.readBigInt64LE(at + layout.time)) : bytes.readUInt32LE(at + layout.time);
  const micro = bytes.readUInt32LE(at + layout.time + (layout.wide ? 8 : 4));
  if (type === undefined || !isTime(seconds) || micro >= 1_000_000) return null;
  return {
    at: ticksOfUnix(seconds * 1000) + micro * 10,
    type,
    user: textAt(bytes, at + 44, 32),
    line: textAt(bytes, at + 8, 32),
    host: textAt(bytes, at + 76, 256),
    address: addressAt(bytes, at + layout.address),
    processId: bytes.readInt32LE(at + 4),
    offset,
  };
}

/** An address of 4 or 16 bytes: of IPv4 the others are zero. */
function addressAt(bytes: Buffer, at: number): string {
  const own = bytes.subarray(at, at + 16);
  if (own.every((byte) => byte === 0)) return '';
  if (own.subarray(4).every((byte) => byte === 0)) return own.subarray(0, 4).join('.');
  return Array.from({ length: 8 }, (_, i) => own.readUInt16BE(i * 2).toString(16)).join(':');
}

/** Zeros fill up the type, and a terminal has a plain name; a user's can be anything that a client tries. */
const isRecord = (bytes: Buffer, at: number, layout: Layout): boolean =>
  bytes.readUInt16LE(at + 2) === 0 &&
  /^[\w/:.~{|}-]*$/.test(textAt(bytes, at + 8, 32)) &&
  recordAt(bytes, at, layout, 0) !== null;

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
const recordsTried = 8;

function layoutOf(head: Buffer): Layout | undefined {
  return layouts.find((layout) => {
    const there = Array.from({ length: Math.min(recordsTried, Math.floor(head.length / layout.size)) }, (_, i) =>
      head.subarray(i * layout.size, (i + 1) * layout.size),
    ).filter((bytes) => !isBlank(bytes));
    return there.length > 0 && there.every((bytes) => isRecord(bytes, 0, layout));
  });
}

export type UtmpFormat = 'btmp' | 'wtmp';

/** Is a file one of failed logons (btmp), or of sessions (wtmp, utmp)? By its content, then by its name; null for others. */
export function utmpFormat(name: string, head: Buffer): UtmpFormat | null {
  const layout = layoutOf(head);
  if (!layout) return null;
  if (/(?:^|%2F)btmp\b/i.test(name)) return 'btmp';
  if (/(?:^|%2F)[uw]tmp\b/i.test(name)) return 'wtmp';
  const first = recordAt(head, 0, layout, 0);
  return first?.type === 'LOGIN_PROCESS' && first.line.startsWith('ssh:') ? 'btmp' : 'wtmp';
}

/** The records of a file, in portions. `gaps` counts those that are none, and the bytes of one that is cut. */
export async function* utmpRecords(
  path: string,
  gaps: { unread: number; firstUnread: number; cut: number },
  read: (bytes: number) => void = () => {},
): AsyncGenerator<UtmpRecord[]> {
  let rest: Buffer = Buffer.alloc(0);
  let layout: Layout | undefined;
  let offset = 0;
  for await (const bytes of await contentOf(path)) {
    read(bytes.length);
    rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    layout ??= layoutOf(rest) ?? (rest.length >= 16_384 ? layouts[0] : undefined);
    if (!layout) continue;
    const { size } = layout;
    const portion: UtmpRecord[] = [];
    for (; rest.length >= size; rest = rest.subarray(size), offset += size) {
      const record = recordAt(rest, 0, layout, offset);
      if (record) portion.push(record);
      else if (!isBlank(rest.subarray(0, size))) {
        if (gaps.unread === 0) gaps.firstUnread = offset;
        gaps.unread += 1;
      }
    }
    yield portion;
  }
  gaps.cut = rest.length;
}
