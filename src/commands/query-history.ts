import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';
import { redactText } from '../casefile/redaction.ts';
import { replaceFile } from '../casefile/replace-file.ts';
import { noCode } from '../kql/no-code.ts';

/** Questions that are kept for the prompt's Up key, and how long one may be. */
const MOST = 500;
const LONGEST = 20_000;

/** Where the questions of earlier prompts are kept. */
export const historyFile = (env: NodeJS.ProcessEnv = process.env): string =>
  env.CORDON_KQL_HISTORY || join(envPaths('cordon', { suffix: '' }).data, 'kql-history.jsonl');

/** Questions of earlier prompts, the newest first, without lines that are damaged; none where the file is absent or unreadable. */
export function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(questionIn).slice(-MOST).toReversed();
  } catch {
    return [];
  }
}

function questionIn(line: string): string[] {
  try {
    const read: unknown = line === '' ? undefined : JSON.parse(line);
    return typeof read === 'string' && read.length <= LONGEST ? [read] : [];
  } catch {
    return [];
  }
}

/**
 * A question on one line, as the prompt recalls it: without comments, which would take what follows with them. Undefined where a text
 * of it has several lines.
 */
export function onOneLine(question: string): string | undefined {
  let several = false;
  const bare = question.replace(noCode, (part) => {
    several ||= part.includes('\n');
    return part.startsWith('//') ? '' : part;
  });
  return several ? undefined : bare.replace(/[ \t]*\n/g, ' ').trim();
}

/**
 * Keeps the questions, the newest first, without secrets, before those that another prompt has kept meanwhile. A history that cannot
 * be written is no reason to stop.
 */
export async function writeHistory(file: string, newestFirst: readonly string[]): Promise<void> {
  const kept = [
    ...new Set([...newestFirst.map((text) => redactText(text.slice(0, LONGEST))), ...readHistory(file)]),
  ].slice(0, MOST);
  const aside = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const lines = kept.toReversed().map((text) => `${JSON.stringify(text)}\n`);
    await writeFile(aside, lines.join(''), { mode: 0o600 });
    await replaceFile(aside, file);
  } catch {
    // The questions themselves are in the case, where one was named.
    await rm(aside, { force: true });
  }
}
