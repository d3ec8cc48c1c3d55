import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Archive } from '../../src/archives/archive.ts';
import { archiveAt, contentOf } from '../../src/archives/open-file.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';
import { paxRecord, tarMember, writeTar } from './tar-writer.ts';
import { writeZip } from './zip-writer.ts';

const folder = temporaryFolder();

async function textOf(path: string): Promise<string> {
  let text = '';
  for await (const piece of await contentOf(path)) text += piece.toString();
  return text;
}

const reasons = ({ members }: Archive): Record<string, string> =>
  Object.fromEntries(members.map(({ name, because }) => [name.slice(0, 60), because]));

const long = `var/log/${'deep/'.repeat(40)}auth.log`;

describe('members of a tar archive', () => {
  it('are read by the names that each way of writing long ones has, packed or not, and from one in a .zip', async () => {
    const tar = writeTar([
      { name: 'var/', type: '5' },
      { name: 'auth.log', prefix: 'var/log', content: 'posix' },
      { name: '././@LongLink', type: 'L', content: `${long}\0`, gnu: true },
      { name: long.slice(0, 100), content: 'gnu', gnu: true },
      {
        name: 'PaxHeaders/x',
        type: 'x',
        content: paxRecord('path', 'var/log/ö.log') + paxRecord('mtime', '1795564861.5'),
      },
      { name: 'var/log/o.log', content: 'pax' },
      { name: './[root]/var/log/secure', content: 's'.repeat(1000), binary: true },
      { name: '/var/log/messages', content: 'absolute' },
      { name: 'log.1.gz', content: gzipSync('rotated') },
    ]);
    const inZip = writeZip([{ name: 'inner.tgz', content: gzipSync(tar) }]);
    const paths = [
      folder.write('a.tar', tar),
      folder.write('a.tar.gz', gzipSync(tar)),
      folder.write('b.tgz', gzipSync(tar)),
      folder.write('a.tar.zst', zstdCompressSync(tar)),
      `${folder.write('c.zip', inZip)}!inner.tgz`,
    ];
    for (const path of paths) {
      const archive = await archiveAt(path);
      expect(archive.members.map(({ name, bytes, because }) => [name, bytes, because])).toEqual([
        ['var/log/auth.log', 5, ''],
        [long, 3, ''],
        ['var/log/ö.log', 3, ''],
        ['[root]/var/log/secure', 1000, ''],
        ['var/log/messages', 8, ''],
        ['log.1.gz', gzipSync('rotated').length, ''],
      ]);
      expect(archive.remarks).toEqual([]);
      expect(archive.member('var/log/ö.log')?.modified.toISOString()).toBe('2026-11-25T00:01:01.500Z');
      expect(await textOf(`${path}!${long}`)).toBe('gnu');
      expect(await textOf(`${path}!log.1.gz`)).toBe('rotated');
      await expect(textOf(`${path}!none`)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  it('are refused, each with its reason, where their headers lie', async () => {
    const path = folder.write(
      'lies.tar',
      writeTar([
        { name: '../../etc/passwd', content: 'x' },
        { name: 'logs\\..\\..\\x', content: 'x' },
        { name: 'C:\\x', content: 'x' },
        { name: 'twice', content: 'first' },
        { name: 'twice', content: 'second' },
        { name: 'holes', type: 'S', content: 'x' },
        { name: 'inside', type: '2', link: 'twice' },
        { name: 'passwd', type: '2', link: '/etc/passwd' },
        { name: 'a/up', type: '2', link: '../../shadow' },
        { name: 'dev', type: '3' },
        { name: 'same', type: '1', link: './twice' },
        { name: 'gone', type: '1', link: 'var/log/auth.log' },
        { name: 'x', type: 'x', content: paxRecord('GNU.sparse.major', '1') },
        { name: 'pax-holes', content: 'x' },
        { name: 'p', type: 'x', content: 'no record\n' },
        { name: 'sound', content: 'sound' },
      ]),
    );
    const archive = await archiveAt(path);
    expect(reasons(archive)).toEqual({
      '../../etc/passwd': 'its name leads out of the archive',
      'logs\\..\\..\\x': 'its name leads out of the archive',
      'C:\\x': 'its name leads out of the archive',
      twice: 'the archive has another member of this name',
      holes: 'it is kept without its zeros (tar --sparse), which is not read: unpack the archive with tar',
      'pax-holes': 'it is kept without its zeros (tar --sparse), which is not read: unpack the archive with tar',
      sound: '',
    });
    expect(archive.remarks).toEqual([
      'the content of 1 hard link is not in it: var/log/auth.log',
      '2 links in it that lead out of the archive, not followed: passwd -> /etc/passwd, a/up -> ../../shadow',
      '1 member in it that is no file',
    ]);
    expect(await textOf(`${path}!twice`)).toBe('first');
    expect(await textOf(`${path}!sound`)).toBe('sound');
  });

  it('are found again behind what is damaged and behind an end, which is said with its place', async () => {
    const damaged = Buffer.concat([
      tarMember({ name: 'a', content: 'first' }),
      tarMember({ name: 'b', content: 'lost', torn: true }),
      tarMember({ name: 'c', content: 'third' }),
      Buffer.alloc(1024),
      tarMember({ name: 'd', content: 'appended' }),
      Buffer.alloc(1024),
      Buffer.from('hidden'.repeat(100)),
    ]);
    const path = folder.write('damaged.tar', damaged);
    const archive = await archiveAt(path);
    expect(archive.members.map(({ name }) => name)).toEqual(['a', 'c', 'd']);
    expect(archive.remarks).toEqual([
      'no member begins from byte 1024 to byte 2048: what is there is not read',
      'no member begins from byte 6144 to its end: what is there is not read',
    ]);
    expect(await textOf(`${path}!d`)).toBe('appended');
  });

  it('are found where the first header is damaged, and none where there is no header at all', async () => {
    const tar = Buffer.concat([
      tarMember({ name: 'a', content: 'lost', torn: true }),
      writeTar([{ name: 'b', content: 'second' }]),
    ]);
    const path = folder.write('first.tar', tar);
    expect((await archiveAt(path)).members.map(({ name }) => name)).toEqual(['b']);
    expect((await archiveAt(path)).remarks).toEqual([
      'no member begins from byte 0 to byte 1024: what is there is not read',
    ]);
    const { archives, unread } = await gatherEvidence([path, folder.write('none.tar', 'x'.repeat(5000))], {
      named: (given) => ({ path: given, format: 'evtx', table: undefined }),
    });
    expect(archives).toEqual([path]);
    expect(unread.map(({ because }) => because)).toContain('it is no tar archive');
  });

  it('give what is there of the last where the archive is cut, packed or not; a size of any kind is taken for no more', async () => {
    const content = Array.from({ length: 3000 }, (_, i) => `line ${i * 7919}\n`).join('');
    const whole = writeTar([
      { name: 'a', content: 'first' },
      { name: 'b', content },
    ]);
    const gz = gzipSync(whole);
    for (const path of [
      folder.write('cut.tar', whole.subarray(0, 20_000)),
      folder.write('cut.tar.gz', gz.subarray(0, gz.length - 200)),
      folder.write('claims.tar', tarMember({ name: 'b', content, size: 2 ** 50, binary: true })),
    ]) {
      const archive = await archiveAt(path);
      expect(archive.remarks.join()).toContain('its end is missing');
      let read = '';
      const reading = (async () => {
        for await (const piece of await archive.bytesOf('b')) read += piece.toString();
      })();
      await expect(reading).rejects.toThrow('its archive ends within it');
      expect(read.length).toBeGreaterThan(5000);
      expect(content.startsWith(read.replace(/\0+$/, ''))).toBe(true);
    }
  });

  it('take no room for zeros, however many, and headers no more memory than they may', async () => {
    const packed = gzipSync(Buffer.concat([tarMember({ name: 'a', content: 'x' }), Buffer.alloc(64 * 1024 * 1024)]));
    const bomb = await archiveAt(folder.write('zeros.tar.gz', packed));
    expect(bomb.members.map(({ name }) => name)).toEqual(['a']);
    const claim = tarMember({ name: 'x', type: 'x', size: 2 ** 40, binary: true });
    const archive = await archiveAt(folder.write('header.tar', Buffer.concat([claim, Buffer.alloc(1024)])));
    expect(archive.remarks[0]).toContain('a header of 1099511627776 bytes');
  });
});
