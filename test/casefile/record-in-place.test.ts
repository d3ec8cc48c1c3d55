import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { seal } from '../../src/casefile/chain.ts';
import { evidenceStore } from '../../src/casefile/evidence.ts';
import { openTranscript, TranscriptWriteError } from '../../src/casefile/transcript.ts';
import { openTranscriptFile } from '../../src/casefile/transcript-file.ts';
import { verifyTranscript } from '../../src/casefile/verify.ts';
import { caseVerify } from '../../src/commands/case.ts';
import { emptyFolder, eventfulCase, header, newStore, tickingClock } from './sample-case.ts';

const intent = {
  id: 'i',
  action: 'nsg.lock',
  step: 'lock',
  request: { method: 'PUT', url: 'https://x/y', apiVersion: '1', body: {} },
  clientRequestId: 'c',
};

async function verdict(root: string, id: string) {
  let err = '';
  const streams = {
    stdout: { write: () => true },
    stderr: {
      write(text: string) {
        err += text;
        return true;
      },
    },
  };
  const code = await caseVerify(id, { root }, streams);
  return { code, err };
}

describe('a record that cannot go missing', () => {
  const moved: [string, (folder: string, file: string) => Promise<unknown>][] = [
    ['the folder is deleted', (folder) => rm(folder, { recursive: true })],
    ['the folder is moved away', (folder) => rename(folder, `${folder}-elsewhere`)],
    ['the transcript is deleted', (_, file) => rm(file)],
    [
      'the transcript is replaced by a copy',
      async (_, file) => {
        await cp(file, `${file}.copy`);
        await rename(`${file}.copy`, file);
      },
    ],
    [
      'another folder stands in its place',
      async (folder, file) => {
        await rename(folder, `${folder}-elsewhere`);
        await mkdir(folder);
        await writeFile(file, '');
      },
    ],
    [
      'a link to a copy stands in its place',
      async (folder, file) => {
        await cp(file, join(folder, 'copy'));
        await rm(file);
        await symlink(join(folder, 'copy'), file);
      },
    ],
  ];
  it.each(moved)('refuses the next change when %s', async (_, move) => {
    const file = await eventfulCase(await newStore());
    await move(file.directory, file.file);
    await expect(file.transcript.append('intent', 'anna', intent)).rejects.toThrow(TranscriptWriteError);
    expect(file.transcript.failure?.message).toMatch(/deleted or moved|replaced/);
    await file.release().catch(() => undefined);
  });

  it('goes on when the folder is back, and tells what is missing', async () => {
    const file = await eventfulCase(await newStore());
    await rename(file.directory, `${file.directory}-x`);
    await expect(file.transcript.append('note', 'anna', { text: 'lost' })).rejects.toThrow('deleted or moved');
    await rename(`${file.directory}-x`, file.directory);
    await file.transcript.append('intent', 'anna', intent);
    expect(file.transcript.failure).toBeNull();
    expect(await readFile(file.file, 'utf8')).toContain('entries are missing here: 1 note');
    await file.release();
  });

  it('refuses a change, and nothing else, when no evidence can be made beside it', async () => {
    const path = join(await emptyFolder(), 'transcript.jsonl');
    const readOnly = Object.assign(new Error('EROFS'), { code: 'EROFS' });
    let closed: NodeJS.ErrnoException | null = readOnly;
    const file = { ...(await openTranscriptFile(path)), closed: async () => closed };
    const evidence = evidenceStore(dirname(path));
    const transcript = await openTranscript({ path, file, evidence, now: tickingClock(), last: null });
    await transcript.append('note', 'anna', { text: 'noted' });
    await expect(transcript.append('intent', 'anna', intent)).rejects.toThrow('the file system is read-only');
    closed = null;
    await transcript.append('intent', 'anna', intent);
    await transcript.close();
  });

  it('refuses a change, and nothing else, when the disk has no room for what follows it', async () => {
    const folder = await emptyFolder();
    const path = join(folder, 'transcript.jsonl');
    const file = { ...(await openTranscriptFile(path)), room: async () => 500 * 1024 };
    const transcript = await openTranscript({
      path,
      file,
      evidence: evidenceStore(folder),
      now: tickingClock(),
      last: null,
    });
    const caseHeader = {
      ...header,
      schema: 'cordon.transcript/1',
      caseId: 'c',
      host: '',
      osUser: '',
      timeZoneOffsetMinutes: 0,
    };
    await transcript.append('case', 'anna', caseHeader as never);
    await transcript.append('note', 'anna', { text: 'x' });
    await expect(transcript.append('intent', 'anna', intent)).rejects.toThrow('the disk is full: 500 KiB are left');
    await transcript.close();
  });
});

describe('case verify', () => {
  const made = async () => {
    const root = await emptyFolder();
    const file = await eventfulCase(await newStore(root));
    await file.release();
    return { root, file };
  };

  it('finds that head.json was removed or cannot be read', async () => {
    const { root, file } = await made();
    expect((await verdict(root, file.id)).code).toBe(0);
    await writeFile(join(file.directory, 'head.json'), '{"entries":3}');
    expect((await verdict(root, file.id)).code).toBe(6);
    await rm(join(file.directory, 'head.json'));
    expect(await verdict(root, file.id)).toMatchObject({ code: 6, err: expect.stringContaining('head.json') });
  });

  it('finds the transcript of another case', async () => {
    const { root, file } = await made();
    await cp(file.directory, join(root, '2026-11-23-web02'), { recursive: true });
    expect(await verdict(root, '2026-11-23-web02')).toMatchObject({
      code: 6,
      err: expect.stringContaining('the case 2026-11-23-web01, not of 2026-11-23-web02'),
    });
    const listed = (await openCaseStore(root).list()).find(({ id }) => id === '2026-11-23-web02');
    expect(listed?.unreadable).toContain('2026-11-23-web01');
  });

  it('says that the transcript is missing, instead of an error of the system', async () => {
    const { root, file } = await made();
    await rm(file.file);
    const { code, err } = await verdict(root, file.id);
    expect(code).toBe(6);
    expect(err).toContain('there is no transcript');
    expect(err).not.toContain('ENOENT');
  });

  it('finds a time that goes back, and takes one that the record tells of', async () => {
    const folder = await emptyFolder();
    const path = join(folder, 'transcript.jsonl');
    const { file } = await made();
    const [first = '', second = '', third = ''] = (await readFile(file.file, 'utf8')).split('\n');
    const entries = [first, second, third].map((line) => JSON.parse(line));
    const { hash: _, ...fields } = entries[2];
    const back = seal({ ...fields, at: '2026-11-22T02:20:00.000Z' });
    await writeFile(path, `${first}\n${second}\n${back.line}\n`);
    expect(await verifyTranscript(path, { evidence: false })).toMatchObject({
      ok: false,
      line: 3,
      because: expect.stringContaining('nothing says that the clock went back'),
    });
    let now = Date.parse('2026-11-23T02:20:00Z');
    const store = openCaseStore(folder, { now: () => new Date(now) });
    const own = await store.create({ vmName: 'web01', header });
    await own.transcript.append('note', 'anna', { text: 'before' });
    now -= 3_600_000;
    const entry = await own.transcript.append('note', 'anna', { text: 'after' });
    expect(entry.body.clockWentBack).toMatchObject({ seconds: 3600 });
    await own.release();
    expect((await verdict(folder, own.id)).code).toBe(0);
  });
});

describe('what a killed process leaves behind', () => {
  it('is gone after the next start: half-written files, and its lock', async () => {
    const root = await emptyFolder();
    const file = await eventfulCase(await newStore(root));
    await file.release();
    const half = [
      'head.json.0f3c6f0e-1111-4222-8333-444455556666.tmp',
      'evidence/0002-x.json.0f3c6f0e-1111-4222-8333-444455556666.tmp',
    ].map((name) => join(file.directory, name));
    for (const path of half) await writeFile(path, '{');
    const { hostname } = await import('node:os');
    const note = { pid: 2 ** 22 + 1, host: hostname(), since: '2026-11-23T02:00:00Z', began: '1', token: 't' };
    await writeFile(join(file.directory, 'writer.lock'), JSON.stringify(note));
    await openCaseStore(root).tidy();
    for (const path of [...half, join(file.directory, 'writer.lock')]) {
      await expect(readFile(path)).rejects.toThrow('ENOENT');
    }
    expect((await verdict(root, file.id)).code).toBe(0);
  });
});
