import { createHash } from 'node:crypto';
import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/evidence/evidence-error.ts';
import { FileDigest } from '../../src/evidence/file-digest.ts';
import { ReadThreads } from '../../src/evidence/read-threads.ts';
import { DiskText } from '../../src/evidence/text-content.ts';
import { isUncached, UncachedFile } from '../../src/evidence/uncached.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

const MIB = 1024 * 1024;

/** Bytes of which no two pages are the same. */
function written(name: string, length: number): { path: string; content: Buffer } {
  const content = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) content.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return { path, content };
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Memory that begins with a page. */
function pages(bytes: number): Uint8Array {
  const count = Math.ceil(bytes / 65_536);
  return new Uint8Array(new WebAssembly.Memory({ initial: count, maximum: count, shared: true }).buffer, 0, bytes);
}

async function all(path: string, slot: Uint8Array, meanwhile?: () => void): Promise<Buffer> {
  const file = await UncachedFile.open(path);
  const pieces: Buffer[] = [];
  try {
    for (let got = await file.next(slot); got > 0; got = await file.next(slot)) {
      pieces.push(Buffer.from(slot.subarray(0, got)));
      meanwhile?.();
    }
  } finally {
    await file.close();
  }
  return Buffer.concat(pieces);
}

describe('a file that is read past the page cache', () => {
  it.each([0, 1, 4096, 65_536, 65_537, 3 * 65_536 - 1, 200_000])('is the same, of %i bytes', async (length) => {
    const { path, content } = written(`of-${length}`, length);
    expect((await all(path, pages(65_536))).equals(content)).toBe(true);
  });

  it('is read from the cache where memory or places do not fit the disk', async () => {
    const { path, content } = written('askew', 100_000);
    expect((await all(path, pages(65_536).subarray(1, 40_001))).equals(content)).toBe(true);
  });

  it('may become longer or shorter meanwhile', async () => {
    const { path, content } = written('grows', 70_000);
    let grown = false;
    const found = await all(path, pages(65_536), () => {
      if (!grown) appendFileSync(path, 'more');
      grown = true;
    });
    expect(found.equals(Buffer.concat([content, Buffer.from('more')]))).toBe(true);
    let cut = false;
    const rest = await all(path, pages(65_536), () => {
      if (!cut) truncateSync(path, 65_536);
      cut = true;
    });
    expect(rest.equals(content.subarray(0, 65_536))).toBe(true);
  });

  it('is not one that was just written, which the cache has', () => {
    const { path } = written('cached', MIB);
    expect(isUncached(path, MIB)).toBe(false);
  });

  it('is none that cannot be opened, of which the reader says why', () => {
    expect(isUncached(join(folder.path, 'gone'), MIB)).toBe(false);
    const { path } = written('goes', 2 * MIB);
    const text = new DiskText(
      new FileDigest(path, () => {}),
      new ReadThreads({ progress: () => {}, ended: () => {}, pastCache: isUncached }),
    );
    rmSync(path);
    expect(() => [...text.blocks()]).toThrow(EvidenceError);
  });
});

describe('a text on disk that a thread reads past the page cache', () => {
  const { path, content } = written('text', 9 * MIB + 123);

  const read = (of: string, enough = Number.POSITIVE_INFINITY) => {
    let progress = 0;
    const threads = new ReadThreads({
      progress: (bytes) => {
        progress += bytes;
      },
      ended: () => {},
      pastCache: () => true,
    });
    const digest = new FileDigest(of, (bytes) => {
      progress += bytes;
    });
    const text = new DiskText(digest, threads);
    try {
      const pass = (): Buffer => {
        const pieces: Buffer[] = [];
        for (const piece of text.blocks()) {
          pieces.push(Buffer.from(piece));
          if (pieces.length >= enough) break;
        }
        return Buffer.concat(pieces);
      };
      const first = pass();
      return { first, second: pass(), progress, digest: digest.finish() };
    } finally {
      threads.close();
    }
  };

  it('has the same bytes each time, and one digest, of those bytes', () => {
    const { first, second, progress, digest } = read(path);
    expect(first.equals(content)).toBe(true);
    expect(second.equals(content)).toBe(true);
    expect(progress).toBe(2 * content.length);
    expect(digest).toEqual({
      digest: { path, bytes: content.length, sha256: sha256(content) },
      changed: false,
    });
  });

  it('is digested as a whole where only its beginning was wanted', () => {
    const { first, digest } = read(path, 1);
    expect(first.equals(content.subarray(0, first.length))).toBe(true);
    expect(digest.digest).toEqual({ path, bytes: content.length, sha256: sha256(content) });
  });

  it('is told where it cannot be read', () => {
    expect(() => read(folder.path)).toThrow(`${folder.path}: it is a folder`);
  });
});
