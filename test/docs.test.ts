import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ticksOf, ticksPerSecond } from '../src/triage/logons/ticks.ts';
import { writeZip } from './archives/zip-writer.ts';
import { cordon, type RunningSimulator, simulate } from './e2e/cordon.ts';
import { failedLogon, successfulLogon, writeLog } from './eventlog/log-writer.ts';

const docs = resolve(import.meta.dirname, '../docs');
const pages = readdirSync(docs).filter((name) => /^\d-.*\.md$/.test(name));

/** The commands of a page's shell blocks, in their order. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(docs, page), 'utf8');
  return [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}

/** A command line as a shell splits it, quotes included. */
const words = (line: string) =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const readsAzure = /^cordon (?:doctor|scan|triage|incident|run|undo)\b/;
const keepsCases = /^cordon (?:case|undo|run)\b|--case\b/;

let simulator: RunningSimulator;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-docs-'));
  simulator = await simulate();
  const start = ticksOf('2026-11-23T01:58:02Z') ?? 0;
  const at = (seconds: number) => start + seconds * ticksPerSecond;
  const guesses = Array.from({ length: 20 }, (_, i) => failedLogon(100 + i, at(i)));
  const log = writeLog([...guesses, successfulLogon(300, at(60))]);
  writeFileSync(join(folder, 'Security.evtx'), log);
  mkdirSync(join(folder, 'collection'));
  writeFileSync(join(folder, 'collection', 'Security.evtx'), log);
  mkdirSync(join(folder, 'rules'));
  const detection = 'detection: {s: {EventID: 4625}, condition: s}';
  const rule = `title: failed\nlogsource: {product: windows, service: security}\n${detection}\n`;
  writeFileSync(join(folder, 'rules', 'failed.yml'), rule);
  writeFileSync(join(folder, 'collection.zip'), writeZip([{ name: 'C/Security.evtx', content: log }]));
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The files that the pages name. */
const given = new Set(['Security.evtx', 'collection/', 'collection.zip', 'rules/']);

async function caseOf(cases: string): Promise<string> {
  const { stdout } = await cordon(['case', 'list', '--json', '--cases', cases]);
  return JSON.parse(stdout).cases[0]?.id ?? 'CASE';
}

describe('the pages of a responder’s night', () => {
  it('are five, in their order, and each has commands to try', () => {
    expect(pages.map((page) => page.slice(2, -3))).toEqual([
      'first-hour',
      'permissions',
      'playbooks',
      'case-notes',
      'offline-evidence',
    ]);
    for (const page of pages) expect(commandsOf(page).length, page).toBeGreaterThan(1);
  });

  it('say nothing that does not work: each command, in the order of the pages', { timeout: 180_000 }, async () => {
    const cases = join(folder, 'cases');
    const tried = new Set<string>();
    for (const page of pages) {
      for (const line of commandsOf(page)) {
        // Lines that an earlier page has too were tried there.
        if (tried.has(line)) continue;
        tried.add(line);
        const id = line.includes('CASE') ? await caseOf(cases) : '';
        const parameters = words(line)
          .slice(1)
          .map((word) => (word === 'CASE' ? id : given.has(word) ? join(folder, word) : word))
          // The simulator answers as a Kusto emulator does.
          .map((word) => (word === 'http://localhost:8080' ? simulator.url : word));
        const { code, stderr } = await cordon([
          ...parameters,
          ...(readsAzure.test(line) ? ['--simulator', simulator.url] : []),
          ...(keepsCases.test(line) ? ['--cases', cases] : []),
        ]);
        expect(code, `${page}: ${line}\n${stderr}`).toBe(0);
      }
    }
    expect(tried.size).toBeGreaterThan(18);
  });
});
