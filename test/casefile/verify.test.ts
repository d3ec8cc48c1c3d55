import { appendFile, cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { seal } from '../../src/casefile/chain.ts';
import { verifyTranscript } from '../../src/casefile/verify.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { emptyFolder, eventfulCase, newStore } from './sample-case.ts';

let original: Buffer;
let directory: string;
let scratch: string;
let file: string;

beforeAll(async () => {
  const open = await eventfulCase(await newStore());
  directory = open.directory;
  await open.release();
  original = await readFile(open.file);
  scratch = join(await emptyFolder(), 'copy');
  await cp(directory, scratch, { recursive: true });
  file = join(scratch, 'transcript.jsonl');
});

async function verdictOn(bytes: Uint8Array | string) {
  await writeFile(file, bytes);
  return verifyTranscript(file);
}

/** The line, from 1, in which the byte at this offset is; a newline belongs to the line it ends. */
function lineAt(offset: number): number {
  return original.subarray(0, offset).filter((byte) => byte === 10).length + 1;
}

const lines = () => original.toString('utf8').trimEnd().split('\n');

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

describe('verifyTranscript', () => {
  it('accepts what was written, and tells the head and the count', async () => {
    const last: Entry = JSON.parse(at(lines(), -1 + lines().length));
    expect(await verdictOn(original)).toEqual({
      ok: true,
      entries: lines().length,
      head: last.hash,
      evidence: 1,
      unlisted: [],
    });
  });

  it('names the line of any single changed byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: original.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (offset, change) => {
          const changed = Buffer.from(original);
          changed[offset] = (changed[offset] ?? 0) ^ change;
          expect(await verdictOn(changed)).toMatchObject({ ok: false, line: lineAt(offset) });
        },
      ),
      { numRuns: 400 },
    );
  });

  it('names the line of any inserted or removed byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: original.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (offset, byte, insert) => {
          const changed = insert
            ? Buffer.concat([original.subarray(0, offset), Buffer.from([byte]), original.subarray(offset)])
            : Buffer.concat([original.subarray(0, offset), original.subarray(offset + 1)]);
          // A newline beside a newline is an empty line of its own.
          const emptyLine = insert && byte === 10 && original[offset] === 10;
          expect(await verdictOn(changed)).toMatchObject({ ok: false, line: lineAt(offset) + (emptyLine ? 1 : 0) });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each<[string, (all: string[]) => string]>([
    ['a blank after a colon', (all) => rejoin(all, 3, (line) => line.replace(':', ': '))],
    ['a carriage return', (all) => rejoin(all, 3, (line) => `${line}\r`)],
    ['reordered keys', (all) => rejoin(all, 3, reordered)],
    ['a duplicate key', (all) => rejoin(all, 3, (line) => line.replace('{"actor"', '{"actor":"x","actor"'))],
    ['an escape where a character would do', (all) => rejoin(all, 3, (line) => line.replace('cordon', '\\u0063ordon'))],
    ['a byte order mark', (all) => rejoin(all, 3, (line) => `\ufeff${line}`)],
    ['a deleted line', (all) => `${all.filter((_, index) => index !== 2).join('\n')}\n`],
    ['a doubled line', (all) => `${[...all.slice(0, 2), at(all, 1), ...all.slice(2)].join('\n')}\n`],
    ['swapped lines', (all) => `${[...all.slice(0, 2), at(all, 3), at(all, 2), ...all.slice(4)].join('\n')}\n`],
    ['an empty line', (all) => `${[...all.slice(0, 2), '', ...all.slice(2)].join('\n')}\n`],
    ['a line of its own hash but out of place', (all) => rejoin(all, 3, resealed)],
  ])('finds %s in line 3', async (_, change) => {
    expect(await verdictOn(change(lines()))).toMatchObject({ ok: false, line: 3 });
  });

  it('finds a line that was rewritten with a new hash, at the next line', async () => {
    const verdict = await verdictOn(
      rejoin(lines(), 3, (line) => {
        const entry: Entry = JSON.parse(line);
        const { hash: _, ...fields } = entry;
        return seal({ ...fields, body: { ...fields.body, summary: 'nothing is open' } }).line;
      }),
    );
    expect(verdict).toEqual({ ok: false, line: 4, because: 'does not continue the line before it' });
  });

  it('finds a missing final newline, an empty file and a missing end', async () => {
    expect(await verdictOn(original.subarray(0, -1))).toMatchObject({ ok: false, line: lines().length });
    expect(await verdictOn('')).toMatchObject({ ok: false, line: 1 });
    expect(await verdictOn(`${lines().slice(0, 4).join('\n')}\n`)).toMatchObject({ ok: false, line: 5 });
  });

  it('rejects a line longer than any entry without reading it into memory', async () => {
    const verdict = await verdictOn(`${lines()[0]}\n${'x'.repeat(3_000_000)}\n`);
    expect(verdict).toMatchObject({ ok: false, line: 2, because: expect.stringContaining('longer') });
  });

  it('checks an anchor noted elsewhere, also after the case has grown, and finds a whole rewrite by it', async () => {
    await writeFile(file, original);
    const fifth: Entry = JSON.parse(at(lines(), 4));
    expect(await verifyTranscript(file, { head: fifth.hash.toUpperCase(), entries: 5 })).toMatchObject({ ok: true });
    expect(await verifyTranscript(file, { head: fifth.hash })).toMatchObject({ ok: true });
    expect(await verifyTranscript(file, { head: fifth.hash, entries: 4 })).toMatchObject({ ok: false, line: 4 });
    expect(await verifyTranscript(file, { head: 'ab'.repeat(32), entries: 5 })).toMatchObject({ ok: false, line: 5 });
    expect(await verifyTranscript(file, { entries: 1000 })).toMatchObject({ ok: false, line: lines().length + 1 });

    let prev = '0'.repeat(64);
    const rewritten = lines().map((line) => {
      const { hash: _, ...fields }: Entry = JSON.parse(line);
      const sealed = seal({ ...fields, at: fields.at.replace('02:', '03:'), prev });
      prev = sealed.entry.hash;
      return sealed.line;
    });
    await rm(join(scratch, 'head.json'));
    await writeFile(file, `${rewritten.join('\n')}\n`);
    expect(await verifyTranscript(file)).toMatchObject({ ok: true });
    expect(await verifyTranscript(file, { head: fifth.hash, entries: 5 })).toMatchObject({ ok: false, line: 5 });
    await cp(join(directory, 'head.json'), join(scratch, 'head.json'));
  });

  it('names the entry whose evidence was changed, cut, removed or replaced by a link', async () => {
    await writeFile(file, original);
    const evidence = join(scratch, 'evidence', '0001-effective-nsg.json');
    const bytes = await readFile(evidence);
    const wrong = { ok: false, line: 3 };
    const changed = Buffer.from(bytes);
    changed[10] = (changed[10] ?? 0) ^ 1;
    await writeFile(evidence, changed);
    expect(await verifyTranscript(file)).toMatchObject(wrong);
    await writeFile(evidence, bytes.subarray(1));
    expect(await verifyTranscript(file)).toMatchObject(wrong);
    await rename(evidence, join(scratch, 'elsewhere.json'));
    expect(await verifyTranscript(file)).toMatchObject(wrong);
    await writeFile(evidence, bytes);
    await appendFile(join(scratch, 'evidence', '0002-planted.json'), '{}');
    expect(await verifyTranscript(file)).toMatchObject({ ok: true, unlisted: ['evidence/0002-planted.json'] });
  });

  it('does not follow an evidence name out of the evidence folder', async () => {
    const all = lines().slice(0, 1);
    const first: Entry = JSON.parse(at(all, 0));
    const body = { evidence: { file: 'evidence/../../../etc/hostname', sha256: 'ab', bytes: 3 }, text: 'x' };
    const second = seal({ seq: 2, at: first.at, kind: 'note', actor: 'x', body, prev: first.hash });
    await rm(join(scratch, 'head.json'), { force: true });
    expect(await verdictOn(`${all[0]}\n${second.line}\n`)).toMatchObject({
      ok: false,
      line: 2,
      because: expect.stringContaining('outside'),
    });
  });
});

function rejoin(all: string[], line: number, change: (text: string) => string): string {
  return `${all.map((text, index) => (index === line - 1 ? change(text) : text)).join('\n')}\n`;
}

function reordered(line: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).reverse()));
}

function resealed(line: string): string {
  const { hash: _, ...fields }: Entry = JSON.parse(line);
  return seal({ ...fields, prev: 'ab'.repeat(32) }).line;
}
