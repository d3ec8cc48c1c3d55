export interface WrittenRecord {
  /** 6 LOGIN_PROCESS, 7 USER_PROCESS, 8 DEAD_PROCESS, 2 BOOT_TIME. */
  type: number;
  user: string;
  line?: string;
  host?: string;
  address?: readonly number[];
  /** Seconds since 1970, with a fraction. */
  at: number;
  pid?: number;
}

/** A record as bits/utmp.h of glibc has it: of x86-64, or of 64-bit ARM, whose times have 64 bits. */
export function utmpRecord({ type, user, line, host, address, at, pid }: WrittenRecord, arm = false): Buffer {
  const record = Buffer.alloc(arm ? 400 : 384);
  record.writeInt16LE(type, 0);
  record.writeInt32LE(pid ?? 1, 4);
  record.write(line ?? 'ssh:notty', 8, 32);
  record.write(user, 44, 32);
  record.write(host ?? '', 76, 256);
  const micro = Math.round((at % 1) * 1e6);
  if (arm) {
    record.writeBigInt64LE(BigInt(Math.floor(at)), 344);
    record.writeBigInt64LE(BigInt(micro), 352);
  } else {
    record.writeInt32LE(Math.floor(at), 340);
    record.writeInt32LE(micro, 344);
  }
  Buffer.from(address ?? []).copy(record, arm ? 360 : 348);
  return record;
}
