import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaseLockedError, lockCase } from '../../src/casefile/case-lock.ts';
import { CaseNotFoundError, defaultCaseRoot, openCaseStore } from '../../src/casefile/case-store.ts';
import { TranscriptDamagedError } from '../../src/casefile/transcript.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { emptyFolder, eventfulCase, header, newStore, tickingClock } from './sample-case.ts';

const run = promisify(execFile);

async function all(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

describe('creating a case', () => {
  it('names it after day and VM, and begins with the header', async () => {
    const store = await newStore();
    const file = await store.create({ vmName: 'web01', header });
    expect(file.id).toBe('2026-11-23-web01');
    const [first] = await all(file.entries());
    expect(first).toMatchObject({ seq: 1, kind: 'case', actor: 'anna@contoso.com', prev: '0'.repeat(64) });
    expect(first?.body).toMatchObject({ schema: 'cordon.transcript/1', caseId: file.id, host: hostname(), ...header });
    await file.release();
  });

  it('gives the second of a day another name', async () => {
    const store = await newStore();
    const ids: string[] = [];
    for (let number = 0; number < 3; number += 1) {
      const file = await store.create({ vmName: 'web01', header });
      ids.push(file.id);
      await file.release();
    }
    expect(ids).toEqual(['2026-11-23-web01', '2026-11-23-web01-2', '2026-11-23-web01-3']);
  });

  it('makes a safe folder name of any VM name', async () => {
    const root = await emptyFolder();
    const store = await newStore(root);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('..', '../../etc', '', 'CON', 'a/b')),
        async (name) => {
          const file = await store.create({ vmName: name, header });
          await file.release();
          expect(file.id).toMatch(/^2026-11-23-[A-Za-z0-9][A-Za-z0-9._-]*$/);
          expect(file.id).not.toContain('..');
          expect(await readdir(root)).toContain(file.id);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.skipIf(process.platform === 'win32')('keeps folders and files for their owner alone', async () => {
    const root = join(await emptyFolder(), 'cases');
    const file = await eventfulCase(await newStore(root));
    await file.release();
    const mode = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await mode(root)).toBe(0o700);
    expect(await mode(file.directory)).toBe(0o700);
    expect(await mode(join(file.directory, 'evidence'))).toBe(0o700);
    for (const name of ['transcript.jsonl', 'head.json', 'evidence/0001-effective-nsg.json']) {
      expect(await mode(join(file.directory, name))).toBe(0o600);
    }
  });
});

describe('finding cases', () => {
  it('lists them newest first, from their first and last lines', async () => {
    const store = await newStore();
    expect(await store.list()).toEqual([]);
    const old = await eventfulCase(store);
    await old.close('anna@contoso.com');
    const recent = await store.create({ vmName: 'sql02', header: { ...header, vm: { id: '/x', name: 'sql02' } } });
    await mkdir(join(store.root, 'not-a-case'));
    const [first, second, third] = await store.list();
    expect(first).toMatchObject({ id: recent.id, vm: { name: 'sql02' }, entries: 1, closed: false });
    expect(first?.writer).toMatchObject({ pid: process.pid });
    expect(second).toMatchObject({ id: old.id, closed: true, writer: null, head: old.transcript.head, unreadable: '' });
    expect(second?.entries).toBe(old.transcript.count);
    expect(third).toMatchObject({ id: 'not-a-case', unreadable: 'it has no transcript' });
    await recent.release();
  });

  it('names the nearest when an id is wrong, and never leaves its folder', async () => {
    const store = await newStore();
    await (await store.create({ vmName: 'web01', header })).release();
    await (await store.create({ vmName: 'mail-server', header })).release();
    await expect(store.open('2026-11-23-wbe01')).rejects.toThrow(CaseNotFoundError);
    expect((await store.nearest('2026-11-23-wbe01'))[0]).toBe('2026-11-23-web01');
    expect((await store.nearest('mail'))[0]).toBe('2026-11-23-mail-server');
    for (const id of ['..', '../x', '.', '', '/etc', '2026-11-23-web01/..']) {
      await expect(store.read(id)).rejects.toThrow(CaseNotFoundError);
    }
  });

  it('looks where CORDON_CASES says', () => {
    expect(defaultCaseRoot({ CORDON_CASES: '/srv/cases' })).toBe('/srv/cases');
    expect(defaultCaseRoot({})).toMatch(/cordon[/\\](?:Data[/\\])?cases$/);
  });
});

describe('going on with a case', () => {
  it('continues the chain and the evidence numbers', async () => {
    const store = await newStore();
    const before = await eventfulCase(store);
    await before.close('anna@contoso.com');
    const again = await store.open(before.id);
    expect(again.transcript.head).toBe(before.transcript.head);
    await again.transcript.append('note', 'ben@contoso.com', { text: 'taking over' });
    expect((await again.evidence.writeJson('nic', {})).file).toBe('evidence/0002-nic.json');
    expect(await again.verify()).toMatchObject({ ok: true, entries: before.transcript.count + 1 });
    await again.release();
  });

  it('survives a crash at any byte: nothing that was confirmed is lost, the torn rest is kept', async () => {
    const store = await newStore();
    const file = await eventfulCase(store);
    await file.release();
    const bytes = await readFile(file.file);
    const firstEnd = bytes.indexOf(10) + 1;
    const root = await emptyFolder();
    // Each line's end to the byte, and its inside in steps.
    const nearEnd = (size: number) => bytes.subarray(size - 2, size + 2).includes(10);
    for (let size = firstEnd; size <= bytes.length; size += 1) {
      if (!nearEnd(size) && size % 61 !== 0) continue;
      const id = `crash-${size}`;
      await cp(file.directory, join(root, id), { recursive: true });
      // What head.json notes was on disk: a crash cannot take it back.
      await rm(join(root, id, 'head.json'));
      await writeFile(join(root, id, 'transcript.jsonl'), bytes.subarray(0, size));
      const again = await openCaseStore(root, { now: tickingClock() }).open(id);
      await again.transcript.append('note', 'x', { text: 'after' });
      expect(await again.verify({ evidence: false })).toMatchObject({ ok: true });
      await again.release();
      const whole = bytes.subarray(0, size).lastIndexOf(10) + 1;
      const now = await readFile(again.file);
      expect(now.subarray(0, whole).equals(bytes.subarray(0, whole))).toBe(true);
      const torn = (await readdir(again.directory)).filter((name) => name.startsWith('torn-'));
      if (whole === size) expect(torn).toEqual([]);
      else {
        expect(torn).toHaveLength(1);
        expect((await readFile(join(again.directory, torn[0] ?? ''))).equals(bytes.subarray(whole, size))).toBe(true);
        const told: Entry = JSON.parse(now.subarray(whole).toString().split('\n')[0] ?? '');
        expect(told).toMatchObject({ kind: 'error', body: { torn: { file: torn[0], bytes: size - whole } } });
      }
    }
  });

  it('goes on after a loss of entries that were on disk, and the case never verifies again', async () => {
    const store = await newStore();
    const file = await eventfulCase(store);
    await file.release();
    const text = await readFile(file.file, 'utf8');
    await writeFile(file.file, `${text.split('\n').slice(0, 5).join('\n')}\n`);
    expect(await file.verify()).toMatchObject({ ok: false, line: 6 });
    const again = await store.open(file.id);
    await again.transcript.append('confirm', 'x', { playbook: 'p', step: 's', level: 'none', typed: '', reason: '' });
    await again.close();
    expect(await again.verify()).toMatchObject({ ok: false, line: 6, because: expect.stringContaining('lost') });
    await (await store.open(file.id)).release();
  });

  it('refuses to write to a case that was changed, and still reads it up to there', async () => {
    const store = await newStore();
    const file = await eventfulCase(store);
    await file.release();
    const text = await readFile(file.file, 'utf8');
    await writeFile(file.file, text.replace('3 ports', '0 ports'));
    await expect(store.open(file.id)).rejects.toThrow(TranscriptDamagedError);
    const reader = await store.read(file.id);
    const seen: Entry[] = [];
    await expect(
      (async () => {
        for await (const entry of reader.entries()) seen.push(entry);
      })(),
    ).rejects.toMatchObject({ line: 3 });
    expect(seen).toHaveLength(2);
    // The refusal leaves no lock behind.
    expect((await store.list())[0]?.writer).toBeNull();
  });

  it('leaves half a header as it is', async () => {
    const store = await newStore();
    const file = await store.create({ vmName: 'web01', header });
    await file.release();
    const half = (await readFile(file.file)).subarray(0, 40);
    await writeFile(file.file, half);
    await expect(store.open(file.id)).rejects.toThrow(TranscriptDamagedError);
    expect((await readFile(file.file)).equals(half)).toBe(true);
  });
});

describe('one writer at a time', () => {
  it('lets the second read, and write once the first is done', async () => {
    const store = await newStore();
    const first = await store.create({ vmName: 'web01', header });
    const other = openCaseStore(store.root, { now: tickingClock() });
    await expect(other.open(first.id)).rejects.toThrow(CaseLockedError);
    const reader = await other.read(first.id);
    await first.transcript.append('note', 'anna', { text: 'seen by the reader' });
    expect(await all(reader.entries())).toHaveLength(2);
    await first.close();
    const second = await other.open(first.id);
    await second.close();
    expect(await reader.verify()).toMatchObject({ ok: true, entries: 4 });
  });

  it('holds between processes, and takes over from one that is gone, with an entry', async () => {
    const store = await newStore();
    const script = `
      import { openCaseStore } from ${JSON.stringify(new URL('../../src/casefile/case-store.ts', import.meta.url).href)};
      const store = openCaseStore(process.argv[1]);
      const open = await store.create({ vmName: 'web01', header: JSON.parse(process.argv[2]) });
      await open.transcript.append('note', 'x', { text: 'from the other process' });
      process.stdout.write(open.id + '\\n');
      if (process.argv[3] === 'stay') process.stdin.resume(); else process.exit(0);
    `;
    const args = ['--input-type=module', '-e', script, store.root, JSON.stringify(header)];
    const staying = execFile(process.execPath, [...args, 'stay']);
    const id = await new Promise<string>((resolve, reject) => {
      staying.stdout?.once('data', (text) => resolve(String(text).trim()));
      staying.once('error', reject);
    });
    await expect(store.open(id)).rejects.toMatchObject({ holder: { pid: staying.pid, host: hostname() } });
    const gone = new Promise((resolve) => staying.once('exit', resolve));
    staying.kill('SIGKILL');
    await gone;
    const taken = await store.open(id);
    const entries = await all(taken.entries());
    expect(entries.map(({ kind }) => kind)).toEqual(['case', 'note', 'error']);
    expect(entries[2]?.body.text).toContain(`process ${staying.pid}`);
    await taken.close();

    const { stdout } = await run(process.execPath, args);
    await (await store.open(stdout.trim())).close();
  });

  it('does not take over a lock of another host', async () => {
    const store = await newStore();
    const file = await store.create({ vmName: 'web01', header });
    await file.release();
    const lock = { pid: 1, host: 'elsewhere', since: '2026-11-23T00:00:00Z', began: '', token: 'x' };
    await writeFile(join(file.directory, 'writer.lock'), JSON.stringify(lock));
    await expect(store.open(file.id)).rejects.toThrow(/process 1 on elsewhere.*remove .*writer\.lock/);
  });

  it('gives an abandoned lock to exactly one of many', async () => {
    const folder = await emptyFolder();
    const gone = { pid: process.pid, host: hostname(), since: '2026-11-23T00:00:00Z', began: '', token: 'earlier' };
    await writeFile(join(folder, 'writer.lock'), JSON.stringify(gone));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockCase(folder, tickingClock())));
    const taken = results.filter((result) => result.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    for (const { value } of taken) await value.release();
    expect(await readdir(folder)).toEqual([]);
  });
});
