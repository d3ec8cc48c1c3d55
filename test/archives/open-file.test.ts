import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { archiveAt, contentOf, openFile, placedFile } from '../../src/archives/open-file.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';
import { writeZip } from './zip-writer.ts';

const folder = temporaryFolder();

async function textOf(path: string): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of await contentOf(path)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('members of a .zip', () => {
  it('are read as they were written, Zip64 or not, packed or not, and from an archive in the archive', async () => {
    const inner = writeZip([{ name: 'C/Security.txt', content: 'inner' }]);
    const path = folder.write(
      'a!b.zip',
      writeZip([
        { name: 'plain.txt', content: 'plain', packed: false },
        { name: 'large.txt', content: 'x'.repeat(100_000), zip64: true },
        { name: 'in!it.zip', content: inner },
        { name: 'log.1.gz', content: gzipSync('rotated') },
      ]),
    );
    expect(await textOf(`${path}!plain.txt`)).toBe('plain');
    expect(await textOf(`${path}!large.txt`)).toBe('x'.repeat(100_000));
    expect(await textOf(`${path}!in!it.zip!C/Security.txt`)).toBe('inner');
    expect(await textOf(`${path}!log.1.gz`)).toBe('rotated');
    await expect(textOf(`${path}!none.txt`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are refused, each with its reason, where they lie', async () => {
    const path = folder.write(
      'lies.zip',
      writeZip([
        { name: '../../etc/passwd', content: 'x' },
        { name: '/etc/passwd', content: 'x' },
        { name: 'C:\\windows\\x', content: 'x' },
        { name: 'locked.evtx', content: 'x', encrypted: true },
        { name: 'twice', content: 'first' },
        { name: 'twice', content: 'second' },
        { name: 'longer', content: 'x'.repeat(5000), says: { bytes: 10 } },
        { name: 'other', content: 'what it is', says: { crc: 7 } },
        { name: 'sound', content: 'sound' },
      ]),
    );
    const { members } = await archiveAt(path);
    expect(Object.fromEntries(members.map(({ name, because }) => [name, because]))).toMatchObject({
      '../../etc/passwd': 'its name leads out of the archive',
      '/etc/passwd': 'its name leads out of the archive',
      'C:/windows/x': 'its name leads out of the archive',
      'locked.evtx': 'it is protected by a password: unpack it with that, and name the folder',
      twice: 'the archive has another member of this name',
    });
    expect(await textOf(`${path}!twice`)).toBe('first');
    await expect(textOf(`${path}!longer`)).rejects.toThrow('its archive is damaged (too many bytes');
    await expect(textOf(`${path}!other`)).rejects.toThrow('does not match the checksum in its archive');
    await expect(textOf(`${path}!locked.evtx`)).rejects.toThrow(
      'it is protected by a password: unpack it with that, and name the folder',
    );
    expect(await textOf(`${path}!sound`)).toBe('sound');
  });

  it('that are symbolic links are none, and names in UTF-8 without its flag are read as that', async () => {
    const names = [Buffer.from('C/Grüße/日本.txt'), Buffer.from([0x43, 0x2f, 0x81, 0x2e, 0x74, 0x78, 0x74])];
    const path = folder.write(
      'links.zip',
      writeZip([
        { name: 'etc/localtime', content: '/usr/share/zoneinfo/UTC', mode: 0o120777 },
        { name: 'etc/passwd', content: 'root', mode: 0o100644 },
        // No path is that long: it is there to be passed over.
        { name: 'long', content: 'x'.repeat(5000), mode: 0o120777 },
        ...names.map((rawName) => ({ name: '', rawName, content: 'x' })),
      ]),
    );
    const { members, remarks } = await archiveAt(path);
    expect(members.map(({ name }) => name)).toEqual(['etc/passwd', 'long', 'C/Grüße/日本.txt', 'C/ü.txt']);
    expect(remarks).toEqual(['1 symbolic link in it, not followed: etc/localtime']);
    expect(await textOf(`${path}!C/Grüße/日本.txt`)).toBe('x');
  });

  it('that share their bytes are a bomb, and none of them is unpacked', async () => {
    const kernel = { name: '0', content: 'a'.repeat(1_000_000) };
    const path = folder.write(
      'bomb.zip',
      writeZip([kernel, ...Array.from({ length: 40 }, (_, i) => ({ ...kernel, name: `${i + 1}`, sharesWith: 0 }))]),
    );
    await expect(archiveAt(path)).rejects.toThrow('overlap, as those of a zip bomb do');
  });

  it('are named as damaged where the archive is cut', async () => {
    const whole = writeZip([{ name: 'log', content: 'some text' }]);
    await expect(archiveAt(folder.write('cut.zip', whole.subarray(0, 60)))).rejects.toThrow('its archive is damaged');
  });
});

describe('a .gz', () => {
  it('is read through as a log is, back and forth, and its digest is that of what is stored', async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    const stored = gzipSync(content);
    const path = folder.write('log.gz', stored);
    const file = await openFile(path);
    const into = Buffer.alloc(1000);
    expect(await file.read(into, 0, 1000, 0)).toEqual({ bytesRead: 1000 });
    expect(into.equals(content.subarray(0, 1000))).toBe(true);
    await file.read(into, 0, 1000, 250_000);
    expect(into.equals(content.subarray(250_000, 251_000))).toBe(true);
    await file.read(into, 500, 500, 70_000);
    expect(into.subarray(500).equals(content.subarray(70_000, 70_500))).toBe(true);
    expect(await file.read(into, 0, 1000, 299_500)).toEqual({ bytesRead: 500 });
    expect(await file.read(into, 0, 1000, 300_000)).toEqual({ bytesRead: 0 });
    expect(file.size).toBe(300_000);
    expect(await file.storedDigest()).toEqual({
      bytes: stored.length,
      sha256: createHash('sha256').update(stored).digest('hex'),
    });
    await file.close();
    expect((await placedFile(path)).bytes).toBe(stored.length);
  });

  it('says that its end is missing, after what is there', async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i * 7919}\n`).join('');
    const stored = gzipSync(text);
    const path = folder.write('cut.gz', stored.subarray(0, stored.length - 100));
    let read = '';
    const reading = (async () => {
      for await (const piece of await contentOf(path)) read += piece.toString();
    })();
    await expect(reading).rejects.toThrow('its end is missing');
    expect(text.startsWith(read)).toBe(true);
    expect(read.length).toBeGreaterThan(text.length / 2);
  });

  it('that is none but is called so is read as it is', async () => {
    expect(await textOf(folder.write('text.gz', 'plain'))).toBe('plain');
  });
});

describe('a small file', () => {
  it('takes no memory of a large one', async () => {
    const path = folder.write('small.jsonl', Buffer.from('{}\n'));
    for await (const piece of await contentOf(path)) {
      expect(piece.toString()).toBe('{}\n');
      expect(piece.buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
    }
  });
});
