import { crc32 } from 'node:zlib';
import { type Ticks, ticksOf } from '../../src/triage/logons/ticks.ts';

/** A value of a record: its type in binary XML, and its bytes. */
export interface Value {
  type: number;
  bytes: Buffer;
}

export const text = (value: string): Value => ({ type: 0x01, bytes: Buffer.from(value, 'utf16le') });
export const nothing: Value = { type: 0x00, bytes: Buffer.alloc(0) };

function numeric(type: number, size: 1 | 2 | 4 | 8): (value: number | bigint) => Value {
  return (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    return { type, bytes: bytes.subarray(0, size) };
  };
}
export const uint8 = numeric(0x04, 1);
export const uint16 = numeric(0x06, 2);
export const uint32 = numeric(0x08, 4);
export const uint64 = numeric(0x0a, 8);
export const filetime = numeric(0x11, 8);
export const hex32 = numeric(0x14, 4);
export const hex64 = numeric(0x15, 8);
export const value = (type: number, hex: string): Value => ({
  type,
  bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
});

/** FILETIME of an instant. */
export function filetimeOf(at: Ticks | string): bigint {
  const ticks = typeof at === 'string' ? (ticksOf(at) ?? 0) : at;
  return 130_645_440_000_000_000n + BigInt(ticks);
}

export interface WrittenEvent {
  recordId: number;
  time: Ticks | string;
  eventId: number;
  provider?: string;
  channel?: string;
  computer?: string;
  data: readonly (readonly [name: string, value: Value])[];
  /** Every value in its place, as forwarded events have them, rather than a template and its values. */
  withoutTemplate?: boolean;
}

export const chunkSize = 0x10000;
const auditing = 'Microsoft-Windows-Security-Auditing';

/** Part of an element: text in its place, or the number of the value that fills it. */
type Part = { text: string } | { value: number; type: number; optional?: boolean } | Tree;
interface Tree {
  name: string;
  attributes?: [string, Part][];
  parts?: Part[];
}

const isTree = (part: Part): part is Tree => 'name' in part;

/** One chunk while it is written. */
export class ChunkWriter {
  readonly bytes = Buffer.alloc(chunkSize);
  at = 0x200;
  first = 0;
  last = 0;
  lastAt = 0;
  readonly #names = new Map<string, number>();
  readonly #templates = new Map<string, number>();

  u8(value: number): void {
    this.bytes.writeUInt8(value, this.at);
    this.at += 1;
  }

  u16(value: number): void {
    this.bytes.writeUInt16LE(value, this.at);
    this.at += 2;
  }

  u32(value: number): void {
    this.bytes.writeUInt32LE(value, this.at);
    this.at += 4;
  }

  raw(bytes: Buffer): void {
    bytes.copy(this.bytes, this.at);
    this.at += bytes.length;
  }

  /** A reference to a name; the name itself follows where it was not written before. */
  name(name: string): void {
    const known = this.#names.get(name);
    if (known !== undefined) {
      this.u32(known);
      return;
    }
    this.u32(this.at + 4);
    this.#names.set(name, this.at);
    this.u32(0);
    this.u16([...name].reduce((hash, letter) => (hash * 65_599 + letter.charCodeAt(0)) & 0xffff, 0));
    this.u16(name.length);
    this.raw(Buffer.from(name, 'utf16le'));
    this.u16(0);
  }

  /** The length of what `write` writes, in the four bytes before it. */
  sized(write: () => void): void {
    const size = this.at;
    this.u32(0);
    write();
    this.bytes.writeUInt32LE(this.at - size - 4, size);
  }

  part(part: Part): void {
    if ('text' in part) {
      this.u8(0x05);
      this.u8(0x01);
      this.u16(part.text.length);
      this.raw(Buffer.from(part.text, 'utf16le'));
    } else if ('value' in part) {
      this.u8(part.optional === false ? 0x0d : 0x0e);
      this.u16(part.value);
      this.u8(part.type);
    }
  }

  element({ name, attributes = [], parts = [] }: Tree, dependencyIds: boolean): void {
    this.u8(attributes.length > 0 ? 0x41 : 0x01);
    if (dependencyIds) this.u16(0xffff);
    this.sized(() => {
      this.name(name);
      if (attributes.length > 0)
        this.sized(() => {
          for (const [i, [attribute, part]] of attributes.entries()) {
            this.u8(i + 1 < attributes.length ? 0x46 : 0x06);
            this.name(attribute);
            this.part(part);
          }
        });
      if (parts.length === 0) {
        this.u8(0x03);
        return;
      }
      this.u8(0x02);
      for (const part of parts) {
        if (isTree(part)) this.element(part, dependencyIds);
        else this.part(part);
      }
      this.u8(0x04);
    });
  }

  fragmentHeader(): void {
    this.raw(Buffer.from([0x0f, 1, 1, 0]));
  }

  /** An instance of the template `key`, whose definition follows where it was not written before. */
  instance(key: string, tree: Tree, values: readonly (Value | (() => void))[]): void {
    this.u8(0x0c);
    this.u8(1);
    const guid = Buffer.alloc(16);
    guid.writeUInt32LE(crc32(key), 0);
    guid.writeUInt32LE(crc32(`${key} again`), 4);
    this.raw(guid.subarray(0, 4));
    const known = this.#templates.get(key);
    if (known !== undefined) this.u32(known);
    else {
      this.u32(this.at + 4);
      this.#templates.set(key, this.at);
      this.u32(0);
      this.raw(guid);
      this.sized(() => {
        this.fragmentHeader();
        this.element(tree, true);
        this.u8(0x00);
      });
    }
    this.u32(values.length);
    const descriptors = this.at;
    for (const one of values) {
      this.u16(typeof one === 'function' ? 0 : one.bytes.length);
      this.u8(typeof one === 'function' ? 0x21 : one.type);
      this.u8(0);
    }
    for (const [i, one] of values.entries()) {
      const from = this.at;
      if (typeof one === 'function') one();
      else this.raw(one.bytes);
      this.bytes.writeUInt16LE(this.at - from, descriptors + 4 * i);
    }
  }

  /** A record around what `write` writes; its number also goes into the chunk's header. */
  record(recordId: number, written: bigint, write: () => void): void {
    const from = this.at;
    this.u32(0x2a2a);
    this.u32(0);
    this.bytes.writeBigUInt64LE(BigInt(recordId), this.at);
    this.bytes.writeBigUInt64LE(written, this.at + 8);
    this.at += 16;
    write();
    this.at += (8 - ((this.at + 4) % 8)) % 8;
    this.u32(0);
    const size = this.at - from;
    this.bytes.writeUInt32LE(size, from + 4);
    this.bytes.writeUInt32LE(size, this.at - 4);
    if (this.first === 0) this.first = recordId;
    this.last = recordId;
    this.lastAt = from;
  }

  event(event: WrittenEvent): void {
    const { provider = auditing, channel = 'Security', computer = 'web01', eventId, recordId, data } = event;
    const time = filetimeOf(event.time);
    const system = (eventIdPart: Part, timePart: Part, idPart: Part, channelPart: Part, computerPart: Part): Tree => ({
      name: 'System',
      parts: [
        { name: 'Provider', attributes: [['Name', { text: provider }]] },
        { name: 'EventID', parts: [eventIdPart] },
        { name: 'Version', parts: [{ text: '0' }] },
        { name: 'TimeCreated', attributes: [['SystemTime', timePart]] },
        { name: 'EventRecordID', parts: [idPart] },
        { name: 'Channel', parts: [channelPart] },
        { name: 'Computer', parts: [computerPart] },
      ],
    });
    const fields = (partOf: (i: number, one: Value) => Part[]): Tree => ({
      name: 'EventData',
      parts: data.map(([name, one], i) => ({
        name: 'Data',
        ...(name === '' ? {} : { attributes: [['Name', { text: name }]] as [string, Part][] }),
        parts: partOf(i, one),
      })),
    });
    this.record(recordId, time, () => {
      this.fragmentHeader();
      if (event.withoutTemplate) {
        const iso = new Date(Number(time / 10_000n - 11_644_473_600_000n)).toISOString();
        const inPlace = system(
          { text: String(eventId) },
          { text: iso },
          { text: String(recordId) },
          { text: channel },
          { text: computer },
        );
        const told = fields((_, one) => (one.bytes.length === 0 ? [] : [{ text: one.bytes.toString('utf16le') }]));
        this.element({ name: 'Event', parts: [inPlace, told] }, false);
      } else {
        const outer: Tree = {
          name: 'Event',
          parts: [
            system(
              { value: 0, type: 0x06 },
              { value: 1, type: 0x11 },
              { value: 2, type: 0x0a },
              { value: 3, type: 0x01 },
              { value: 4, type: 0x01 },
            ),
            { value: 5, type: 0x21 },
          ],
        };
        const key = data.map(([name, one]) => `${name}:${one.type}`).join();
        this.instance(`system of ${provider}`, outer, [
          uint16(eventId),
          filetime(time),
          uint64(recordId),
          text(channel),
          text(computer),
          () => {
            this.fragmentHeader();
            this.instance(
              `data of ${eventId} ${key}`,
              fields((i, one) => [{ value: i, type: one.type }]),
              data.map(([, one]) => one),
            );
            this.u8(0x00);
          },
        ]);
      }
      this.u8(0x00);
    });
  }

  /** The finished chunk, with its header and checksums. */
  finish(checksums = true): Buffer {
    const { bytes } = this;
    bytes.write('ElfChnk\0', 0, 'latin1');
    for (const [i, id] of [this.first, this.last, this.first, this.last].entries())
      bytes.writeBigUInt64LE(BigInt(id), 8 + 8 * i);
    bytes.writeUInt32LE(128, 0x28);
    bytes.writeUInt32LE(this.lastAt, 0x2c);
    bytes.writeUInt32LE(this.at, 0x30);
    bytes.writeUInt32LE(checksums ? 1 : 5, 0x78);
    if (checksums) sign(bytes);
    return bytes;
  }
}

/** Writes the checksums of a chunk anew. */
export function sign(chunk: Buffer): void {
  chunk.writeUInt32LE(crc32(chunk.subarray(0x200, chunk.readUInt32LE(0x30))), 0x34);
  chunk.writeUInt32LE(crc32(chunk.subarray(0x80, 0x200), crc32(chunk.subarray(0, 0x78))), 0x7c);
}

/** A file's header, 4096 bytes. */
export function fileHeader(chunks: number, nextRecord: number, flags = 0): Buffer {
  const header = Buffer.alloc(4096);
  header.write('ElfFile\0', 0, 'latin1');
  header.writeBigUInt64LE(BigInt(Math.max(0, chunks - 1)), 0x10);
  header.writeBigUInt64LE(BigInt(nextRecord), 0x18);
  header.writeUInt32LE(128, 0x20);
  header.writeUInt16LE(1, 0x24);
  header.writeUInt16LE(3, 0x26);
  header.writeUInt16LE(4096, 0x28);
  header.writeUInt16LE(Math.min(0xffff, chunks), 0x2a);
  header.writeUInt32LE(flags, 0x78);
  header.writeUInt32LE(crc32(header.subarray(0, 0x78)), 0x7c);
  return header;
}

/** A valid event log of these events, `each` to a chunk at most. */
export function writeLog(
  events: readonly WrittenEvent[],
  options: { each?: number; checksums?: boolean } = {},
): Buffer {
  const { each = 40, checksums = true } = options;
  const chunks: Buffer[] = [];
  for (let i = 0; i < events.length; i += each) {
    const writer = new ChunkWriter();
    for (const event of events.slice(i, i + each)) writer.event(event);
    chunks.push(writer.finish(checksums));
  }
  return Buffer.concat([fileHeader(chunks.length, (events.at(-1)?.recordId ?? 0) + 1, checksums ? 0 : 4), ...chunks]);
}

/** What a failed logon over the network writes. */
export function failedLogon(recordId: number, time: Ticks | string, given: Record<string, Value> = {}): WrittenEvent {
  return {
    recordId,
    time,
    eventId: 4625,
    data: Object.entries({
      SubjectUserSid: value(0x13, '01 01 00 00 00 00 00 05 12 00 00 00'),
      SubjectUserName: text('-'),
      SubjectLogonId: hex64(0x3e7),
      TargetUserName: text('svc-backup'),
      TargetDomainName: text('CONTOSO'),
      Status: hex32(0xc000006d),
      SubStatus: hex32(0xc000006a),
      LogonType: uint32(3),
      LogonProcessName: text('NtLmSsp '),
      WorkstationName: text('kali'),
      ProcessId: hex64(0),
      ProcessName: text('-'),
      IpAddress: text('203.0.113.77'),
      IpPort: text('0'),
      ...given,
    }),
  };
}

/** What a successful logon over the network writes. */
export function successfulLogon(
  recordId: number,
  time: Ticks | string,
  given: Record<string, Value> = {},
): WrittenEvent {
  return {
    recordId,
    time,
    eventId: 4624,
    data: Object.entries({
      SubjectUserName: text('-'),
      SubjectLogonId: hex64(0),
      TargetUserName: text('svc-backup'),
      TargetDomainName: text('CONTOSO'),
      TargetLogonId: hex64(0x47a203c),
      LogonType: uint32(3),
      LogonProcessName: text('NtLmSsp '),
      WorkstationName: text('kali'),
      ProcessName: text('-'),
      IpAddress: text('203.0.113.77'),
      IpPort: text('0'),
      ...given,
    }),
  };
}
