import { readFile, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CaseStore } from '../../src/casefile/case-store.ts';
import { caseExport, caseList, caseShow, caseVerify } from '../../src/commands/case.ts';
import { eventfulCase, newStore, tickingClock } from '../casefile/sample-case.ts';

function captured() {
  const out = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        out[name] += text;
        done();
      },
    });
  return { out, streams: { stdout: into('stdout'), stderr: into('stderr') } };
}

async function closedCase(): Promise<{ store: CaseStore; id: string; file: string; root: string; now: () => Date }> {
  const store = await newStore();
  const open = await eventfulCase(store);
  await open.close('anna@contoso.com');
  return { store, id: open.id, file: open.file, root: store.root, now: tickingClock('2026-11-23T05:00:00.000Z') };
}

async function damage(file: string) {
  await writeFile(file, (await readFile(file, 'utf8')).replace('3 ports', '0 ports'));
}

describe('case list', () => {
  it('prints a line a case, or one document', async () => {
    const { root, id } = await closedCase();
    const text = captured();
    expect(await caseList({ root }, text.streams)).toBe(0);
    expect(text.out.stdout).toMatch(
      /^2026-11-23-web01 {2}2026-11-23 02:\d\d:\d\dZ {2}13 entries {2}closed {2}\/subscriptions/,
    );
    const json = captured();
    expect(await caseList({ root, json: true }, json.streams)).toBe(0);
    expect(JSON.parse(json.out.stdout)).toMatchObject({
      schema: 'cordon.cases/1',
      cases: [{ id, entries: 13, closed: true }],
    });
  });

  it('says on stderr that there is none', async () => {
    const { root } = await newStore();
    const { out, streams } = captured();
    expect(await caseList({ root }, streams)).toBe(0);
    expect(out).toEqual({ stdout: '', stderr: 'No cases yet.\n' });
  });
});

describe('case show', () => {
  it('prints the transcript, or one document', async () => {
    const { root, id } = await closedCase();
    const text = captured();
    expect(await caseShow(id, { root }, text.streams)).toBe(0);
    expect(text.out.stdout).toContain('13 entries   chain ✓   head ');
    expect(text.out.stdout).toMatch(/^02:\d\d:\d\dZ {2}confirm {2}lock-nsg step 3: typed web01 {3}anna@contoso.com$/m);
    const json = captured();
    expect(await caseShow(id, { root, json: true }, json.streams)).toBe(0);
    const document = JSON.parse(json.out.stdout);
    expect(document).toMatchObject({ schema: 'cordon.case/1', id, verification: { ok: true } });
    expect(document.entries).toHaveLength(13);
  });

  it('shows a damaged case up to the damage, with exit code 6', async () => {
    const { root, id, file } = await closedCase();
    await damage(file);
    const text = captured();
    expect(await caseShow(id, { root }, text.streams)).toBe(6);
    expect(text.out.stdout).toContain('chain ✗ line 3');
    expect(text.out.stdout).not.toContain('0 ports');
    const json = captured();
    expect(await caseShow(id, { root, json: true }, json.streams)).toBe(6);
    expect(JSON.parse(json.out.stdout).entries).toHaveLength(2);
  });
});

describe('case verify', () => {
  it('exits 0 for a whole chain, and says what that does not prove', async () => {
    const { root, id, store } = await closedCase();
    const { out, streams } = captured();
    expect(await caseVerify(id, { root }, streams)).toBe(0);
    expect(out.stdout).toMatch(/^2026-11-23-web01: whole\. 13 entries, 1 evidence file, head [0-9a-f]{64}\n$/);
    expect(out.stderr).toContain('--anchor HEAD:COUNT');
    const [summary] = await store.list();
    const anchored = captured();
    const anchor = { root, head: summary?.head ?? '', entries: 13 };
    expect(await caseVerify(id, anchor, anchored.streams)).toBe(0);
    expect(anchored.out.stderr).toBe('');
    expect(await caseVerify(id, { ...anchor, head: 'ab'.repeat(32) }, captured().streams)).toBe(6);
    const told = captured();
    expect(await caseVerify(id, { root, anchor: `${summary?.head}:13` }, told.streams)).toBe(0);
    expect(told.out.stderr).toBe('');
    expect(await caseVerify(id, { root, anchor: `13:${summary?.head}` }, captured().streams)).toBe(0);
    expect(await caseVerify(id, { root, anchor: `${summary?.head}:12` }, captured().streams)).toBe(6);
    expect(await caseVerify(id, { root, anchor: `${summary?.head}` }, captured().streams)).toBe(2);
    expect(await caseVerify(id, { ...anchor, anchor: `${summary?.head}:13` }, captured().streams)).toBe(2);
    expect(await caseVerify(id, { root, entries: 14 }, captured().streams)).toBe(6);
  });

  it('exits 6 and names the first wrong line', async () => {
    const { root, id, file } = await closedCase();
    await damage(file);
    const { out, streams } = captured();
    expect(await caseVerify(id, { root }, streams)).toBe(6);
    expect(out).toEqual({
      stdout: '',
      stderr: `${id}: does not verify: line 3 has been changed: its hash does not match its content\n`,
    });
    const json = captured();
    expect(await caseVerify(id, { root, json: true }, json.streams)).toBe(6);
    expect(JSON.parse(json.out.stdout)).toMatchObject({ ok: false, line: 3 });
  });

  it('exits 2 for a wrong name with the nearest, and for a wrong anchor', async () => {
    const { root, id } = await closedCase();
    const { out, streams } = captured();
    expect(await caseVerify('2026-11-23-web10', { root }, streams)).toBe(2);
    expect(out.stderr).toBe('no case 2026-11-23-web10: nearest: 2026-11-23-web01\n');
    expect(await caseVerify(id, { root, head: 'xyz' }, captured().streams)).toBe(2);
    expect(await caseVerify(id, { root, entries: 0 }, captured().streams)).toBe(2);
    expect(await caseVerify(id, { root, entries: Number.NaN }, captured().streams)).toBe(2);
  });
});

describe('case export', () => {
  it('prints the path, records the export and tells the anchor, which then verifies', async () => {
    const { root, id, now, store } = await closedCase();
    const { out, streams } = captured();
    expect(await caseExport(id, { root, now, format: 'markdown', actor: 'ben' }, streams)).toBe(0);
    expect(await readFile(out.stdout.trim(), 'utf8')).toContain('# Case 2026-11-23-web01');
    const head = /head ([0-9a-f]{64})/.exec(out.stderr)?.[1] ?? '';
    expect(await caseVerify(id, { root, head, entries: 13 }, captured().streams)).toBe(0);
    const kinds: string[] = [];
    for await (const entry of (await store.read(id)).entries()) kinds.push(`${entry.kind} ${entry.actor}`);
    expect(kinds.at(-1)).toBe('export ben');
  });

  it('exports a case that is open elsewhere, and says that it is not recorded', async () => {
    const store = await newStore();
    const open = await eventfulCase(store);
    const { out, streams } = captured();
    expect(await caseExport(open.id, { root: store.root, format: 'timesketch', json: true }, streams)).toBe(0);
    expect(out.stderr).toContain('not recorded in the transcript: the case is open for writing in process');
    expect(JSON.parse(out.stdout)).toMatchObject({ schema: 'cordon.export/1', entries: open.transcript.count });
    await open.release();
  });

  it('exports what is readable of a damaged case, with exit code 6', async () => {
    const { root, id, file, now } = await closedCase();
    await damage(file);
    const { out, streams } = captured();
    expect(await caseExport(id, { root, now, format: 'html' }, streams)).toBe(6);
    expect(await readFile(out.stdout.trim(), 'utf8')).toContain('does not verify: line 3');
  });
});
