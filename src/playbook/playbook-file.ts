import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type * as z from 'zod';
import { Failure } from '../failure.ts';
import { errorCode } from '../text/error-code.ts';
import { nearest } from '../text/nearest.ts';
import { printable } from '../text/printable.ts';
import { type ActionInputs, type Playbook, playbook as playbookSchema, playbookStep } from './playbook.ts';

/** The largest playbook file in bytes. */
export const largestPlaybook = 256 * 1024;

/** A playbook file is not what it should be; the message begins with file:line:column. */
export class PlaybookError extends Failure {
  override readonly name: 'Failure' = 'Failure';
  readonly file: string;
  readonly line: number;
  readonly column: number;

  constructor(file: string, line: number, column: number, because: string) {
    super(`${file}:${line}:${column}: ${because}`);
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

function didYouMean(wanted: string, names: Iterable<string>): string {
  const [first] = nearest(wanted, names, 1);
  return first === undefined ? '' : `; the nearest is ${first}`;
}

/** The node at the path, or the last one on the way there; with `key`, the key of that pair instead. */
function locate(root: Node | null, path: readonly PropertyKey[], key?: string): Node | null {
  let node = root;
  for (const part of path) {
    let next: unknown;
    if (isMap(node)) next = node.get(String(part), true);
    else if (isSeq(node)) next = node.get(Number(part), true);
    if (!isMap(next) && !isSeq(next) && !isScalar(next)) break;
    node = next;
  }
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
    if (pair && isScalar(pair.key)) return pair.key;
  }
  return node;
}

/** Line and column, both from 1, of what is at a path of a playbook's text. */
export function placeIn(source: string): (path: readonly PropertyKey[]) => { line: number; column: number } {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  return (path) => {
    const { line, col } = lines.linePos(locate(document.contents, path)?.range?.[0] ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
}

const headerKeys = Object.keys(playbookSchema.shape);
const stepKeys = Object.keys(playbookStep.shape);

function keysAt(path: readonly PropertyKey[], input: z.ZodType | undefined): string[] {
  if (path.length === 0) return headerKeys;
  if (path[0] === 'steps' && path.length === 2) return stepKeys;
  const shape: unknown = input ? Reflect.get(input, 'shape') : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.replace(/^Invalid input: /, '');
    case 'invalid_value':
      return `expected ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'invalid_format':
      return `expected ${issue.message}`;
    default:
      return issue.message;
  }
}

/**
 * Reads a playbook's text. `file` is how the error names it. With `actions`, `uses` and `check` must name one of them
 * and `with` must fit it. Throws a PlaybookError with the place of the first thing that is wrong.
 */
export function readPlaybook(file: string, source: string, actions?: ActionInputs): Playbook {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const fail = (offset: number, because: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new PlaybookError(file, Math.max(1, line), Math.max(1, col), printable(because, 600));
  };
  const [broken] = document.errors;
  if (broken) return fail(broken.pos[0], `not YAML: ${broken.message}`);
  const startOf = (path: readonly PropertyKey[], key?: string) => locate(document.contents, path, key)?.range?.[0] ?? 0;

  const refuse = (issue: z.core.$ZodIssue, under: readonly PropertyKey[], input?: z.ZodType): never => {
    const path = [...under, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const [key = ''] = issue.keys;
      const known = keysAt(path, input);
      return fail(
        startOf(path, key),
        `unknown key ${key}: expected one of ${known.join(', ')}${didYouMean(key, known)}`,
      );
    }
    const where = path.map(String).join('.');
    return fail(startOf(path), `${where === '' ? '' : `${where}: `}${sentence(issue)}`);
  };

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return fail(0, error instanceof Error ? error.message : String(error));
  }
  const read = playbookSchema.safeParse(value);
  const [issue] = read.success ? [] : read.error.issues;
  if (!read.success) return issue ? refuse(issue, []) : fail(0, 'not a playbook');

  if (actions) {
    read.data.steps.forEach((step, index) => {
      const key = step.uses === undefined ? 'check' : 'uses';
      const name = step[key];
      if (name === undefined) return;
      const action = actions.get(name);
      if (!action) {
        const known = [...actions.keys()].sort();
        fail(
          startOf(['steps', index, key]),
          `unknown action ${name}: expected one of ${known.join(', ')}${didYouMean(name, known)}`,
        );
        return;
      }
      const settings = action.input.safeParse(step.with ?? {});
      const [first] = settings.success ? [] : settings.error.issues;
      if (first) refuse(first, ['steps', index, 'with'], action.input);
    });
  }
  return read.data;
}

export interface LoadedPlaybook {
  playbook: Playbook;
  file: string;
  builtIn: boolean;
}

export interface PlaybookShelf {
  playbooks: LoadedPlaybook[];
  /** Files that could not be used: each stays out, the others are there. */
  problems: string[];
}

export interface PlaybookFolders {
  builtIn: string;
  own: string;
}

/** The built-in folder beside the package's root, and the responder's own (CORDON_PLAYBOOKS or the config folder). */
export async function playbookFolders(env: NodeJS.ProcessEnv = process.env): Promise<PlaybookFolders> {
  const own = env.CORDON_PLAYBOOKS || join(envPaths('cordon', { suffix: '' }).config, 'playbooks');
  // One level up from the bundle in dist/, two from this file in src/playbook/.
  for (const beside of ['../playbooks/', '../../playbooks/']) {
    const folder = fileURLToPath(new URL(beside, import.meta.url));
    const there = await stat(join(folder, 'playbook.schema.json')).catch(() => null);
    if (there?.isFile()) return { builtIn: folder, own };
  }
  throw new Failure('the built-in playbooks are missing: the folder playbooks is not beside the program');
}

async function yamlFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /\.ya?ml$/i.test(name))
      .sort()
      .slice(0, 200)
      .map((name) => join(folder, name));
  } catch (error) {
    if (/^(?:ENOENT|ENOTDIR)$/.test(errorCode(error))) return [];
    throw error;
  }
}

async function load(file: string, actions: ActionInputs | undefined): Promise<Playbook> {
  const { size } = await stat(file);
  if (size > largestPlaybook)
    throw new PlaybookError(file, 1, 1, `has ${size} bytes; expected at most ${largestPlaybook}`);
  return readPlaybook(file, await readFile(file, 'utf8'), actions);
}

/**
 * All playbooks: the built-in ones, then the responder's own. An own playbook cannot take a built-in's name, so that
 * `lock-nsg` is always the one in the manual.
 */
export async function loadPlaybooks(folders: PlaybookFolders, actions?: ActionInputs): Promise<PlaybookShelf> {
  const shelf: PlaybookShelf = { playbooks: [], problems: [] };
  const names = new Map<string, string>();
  for (const [folder, builtIn] of [
    [folders.builtIn, true],
    [folders.own, false],
  ] as const) {
    for (const file of await yamlFiles(folder)) {
      try {
        const playbook = await load(file, actions);
        const taken = names.get(playbook.name);
        if (taken !== undefined) {
          throw new PlaybookError(file, 1, 1, `the name ${playbook.name} is taken by ${taken}; expected another name`);
        }
        names.set(playbook.name, file);
        shelf.playbooks.push({ playbook, file, builtIn });
      } catch (error) {
        shelf.problems.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  return shelf;
}

/** The playbook of that name. Throws a Failure with the nearest names, or with the problem of the file that has it. */
export function findPlaybook(shelf: PlaybookShelf, name: string): Playbook {
  const found = shelf.playbooks.find((one) => one.playbook.name === name);
  if (found) return found.playbook;
  const names = shelf.playbooks.map((one) => one.playbook.name);
  const near = nearest(name, names);
  const known = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known are ${names.join(', ')}`;
  const broken = shelf.problems.length > 0 ? `; not usable: ${shelf.problems.join('; ')}` : '';
  throw new Failure(`no playbook ${printable(name, 60)}: ${known}${broken}`);
}
