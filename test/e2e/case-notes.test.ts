import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../src/commands/print-pdf.ts';
import { cordon, type RunningSimulator, simulate } from './cordon.ts';

/** What page one must name: who, what was left, where it went on, how it was opened, what is so now. */
const story = [
  'svc-backup',
  'helpdesk2',
  'UpdateCheckSvc',
  'web02',
  'm.keller',
  'allow-rdp',
  'T1110',
  'KB5034127',
  'State now',
  'no port is open to the Internet',
  'Not known',
];

let simulator: RunningSimulator;
let folder: string;
let caseId = '';
const kept = () => ['--cases', join(folder, 'cases')];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-notes-'));
  simulator = await simulate();
  const at = ['--simulator', simulator.url, ...kept()];
  const read = await cordon(['triage', 'web01', '--case', 'today', ...at]);
  expect(read.code, read.stderr).toBe(0);
  caseId = /Entered into case (\S+)\./.exec(read.stderr)?.[1] ?? '';
  const contained = await cordon([
    'run',
    'contain-brute-force',
    '--vm',
    'web01',
    '--yes',
    '--confirm',
    'web01',
    '--case',
    caseId,
    ...at,
  ]);
  expect(contained.code, contained.stderr).toBe(0);
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function exported(format: string): Promise<string> {
  const out = join(folder, `notes.${format}`);
  const { code, stderr } = await cordon(['case', 'export', caseId, '--format', format, '--out', out, ...kept()]);
  expect(code, stderr).toBe(0);
  return out;
}

describe('the notes of the demo’s incident', () => {
  it('name the whole story before the findings, and verify with their head', async () => {
    const markdown = readFileSync(await exported('markdown'), 'utf8').replaceAll('\\', '');
    const pageOne = markdown.split('\n## Findings\n')[0] ?? '';
    for (const word of story) expect(pageOne).toContain(word);
    expect(pageOne).toContain('What was done');
    expect(pageOne).toContain('What is not known');
    // The lock closed what m.keller opened; who it was, and whether they did it, is still to be asked.
    expect(pageOne).toMatch(/\| m\.keller@contoso\.com \| ask whether they wrote web-nsg\/allow-rdp/);
    expect(markdown.split('# Annex A')[0]).not.toMatch(/\d\dT\d\d:\d\d/);
    const verify = /cordon case verify (\S+) --head (\w{64}) --entries (\d+)/.exec(markdown);
    const [, id = '', head = '', entries = ''] = verify ?? [];
    const checked = await cordon(['case', 'verify', id, '--head', head, '--entries', entries, ...kept()]);
    expect([checked.code, checked.stderr]).toEqual([0, '']);
  });

  it('hold what the transcript holds of each reading: facts, queries and what they say together', async () => {
    const { stdout } = await cordon(['case', 'show', caseId, '--json', ...kept()]);
    const entries: { kind: string; body: { name?: string; vm?: { name: string } } }[] = JSON.parse(stdout).entries;
    const conclusions = entries.filter(({ body }) => body.name === 'conclusion');
    // One of triage, and of the run one before and one after.
    expect(conclusions.map(({ body }) => body.vm?.name)).toEqual(['web01', 'web01', 'web01']);
    expect(entries.filter(({ kind }) => kind === 'query').length).toBeGreaterThan(20);
  });

  it('come as events that Timesketch and DFIR-IRIS take', async () => {
    const events = readFileSync(await exported('timesketch'), 'utf8')
      .trimEnd()
      .split('\n');
    for (const line of events) {
      expect(JSON.parse(line)).toMatchObject({
        message: expect.stringMatching(/\S/),
        datetime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/),
        timestamp_desc: expect.stringMatching(/\S/),
      });
    }
    expect(events.some((line) => line.includes('logon after the failures'))).toBe(true);
    const [head, ...rows] = readFileSync(await exported('iris'), 'utf8')
      .trimEnd()
      .split('\r\n');
    expect(head).toBe(
      'event_date,event_tz,event_title,event_category,event_content,event_raw,event_source,event_assets,event_iocs,event_tags',
    );
    for (const row of rows) expect(row).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3},\+00:00,"?\S/);
    expect(rows.join('\n')).toContain('svc-backup');
  });

  it('refuse a case about the simulator where Azure is asked, and one that is not there', async () => {
    const wrong = await cordon(['triage', 'web01', '--case', caseId, ...kept()]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('is about the simulator');
    const missing = await cordon(['scan', '--case', 'nope', '--simulator', simulator.url, ...kept()]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('no case nope');
  });
});

describe('printed', () => {
  const chromium = findChromium();
  if (chromium === null) console.warn('SKIPPED: no Chromium here, so that no PDF of the notes was made and looked at');

  it.skipIf(chromium === null)('page one tells the story, and at most six pages come before the annex', async () => {
    const pdf = await exported('pdf');
    expect(existsSync(pdf)).toBe(true);
    const pages = await pagesOf(pdf);
    if (pages === null) {
      console.warn('SKIPPED: no pdftotext here, so that the pages of the PDF were not read');
      return;
    }
    for (const word of story) expect(pages[0]).toContain(word);
    expect(pages.findIndex((page) => page.includes('Annex A'))).toBeLessThanOrEqual(6);
    expect(pages.length).toBeGreaterThan(1);
  });
});

/** The text of each page, on one line; null where poppler is not installed. */
async function pagesOf(pdf: string): Promise<string[] | null> {
  try {
    const { stdout } = await promisify(execFile)('pdftotext', [pdf, '-'], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.split('\f').map((page) => page.replace(/\s+/g, ' '));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
