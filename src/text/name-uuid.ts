import { createHash } from 'node:crypto';

/** The namespace (16 bytes) of a UUID's text. */
export const uuidBytes = (text: string): Uint8Array => Buffer.from(text.replaceAll('-', ''), 'hex');

/**
 * A UUID that a name has, always the same (RFC 9562): version 5 with SHA-1 (section 5.5), 8 with SHA-256 (section 5.8 and
 * appendix B.2), 4 with bits that SHA-256 makes, where a format wants that version.
 */
export function nameUuid(namespace: Uint8Array, name: string, version: 4 | 5 | 8): string {
  const hash = createHash(version === 5 ? 'sha1' : 'sha256');
  const bytes = hash.update(namespace).update(name, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
