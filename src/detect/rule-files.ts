import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { severalQueries } from '../kql/several-queries.ts';
import { printable } from '../text/printable.ts';
import { type NotRun, notRunOf, type Rule } from './rule.ts';
import { largestRuleFile, readRuleFile } from './rule-file.ts';
import { headOf } from './rule-head.ts';
import { type Filter, filtered } from './sigma/filters.ts';
import type { Placeholders } from './sigma/values.ts';

/** Files of rules below the given folders; more are refused. */
const MAX_FILES = 20_000;
const YAML: ReadonlySet<string> = new Set(['.yml', '.yaml']);
const QUERY: ReadonlySet<string> = new Set(['.kql', '.kusto']);

export interface RuleSet {
  files: number;
  rules: Rule[];
  refused: NotRun[];
  /** Rules that filters narrow. */
  narrowed: number;
}

/** A folder of rules that is not there, or is no folder of rules; its message names it. */
export class NoRules extends Error {
  override readonly name = 'NoRules';
}

const codeOf = (error: unknown): string => {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'string' ? code : String(error);
};

/** The rule files at a path, in order; hidden folders, such as a checkout's own, are left out, and links not followed. */
async function filesAt(path: string): Promise<string[]> {
  const about = await stat(path).catch((error: unknown) => {
    throw new NoRules(`${printable(path, 500)}: cannot be read (${codeOf(error)})`);
  });
  if (!about.isDirectory()) return [path];
  const entries = (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const inner = join(path, entry.name);
    if (entry.isDirectory()) files.push(...(await filesAt(inner)));
    else if (entry.isFile() && isRuleFile(entry.name)) files.push(inner);
    if (files.length > MAX_FILES) throw new NoRules(`${printable(path, 500)}: has more than ${MAX_FILES} rule files`);
  }
  return files;
}

const isRuleFile = (name: string): boolean => {
  const ending = extname(name).toLowerCase();
  return YAML.has(ending) || QUERY.has(ending);
};

/** The queries of a file; one that holds several holds as many rules. */
function queriesOf(text: string): { query: string; line: number }[] {
  const several = severalQueries(text);
  return several.length > 0 ? several : [{ query: text, line: 1 }];
}

/** The rules of files and folders: Sigma's and analytic rules in YAML, and queries in .kql files. Throws NoRules. */
export async function readRules(paths: readonly string[], placeholders: Placeholders = new Map()): Promise<RuleSet> {
  const set: RuleSet = { files: 0, rules: [], refused: [], narrowed: 0 };
  const filters: Filter[] = [];
  for (const path of paths) {
    for (const file of await filesAt(path)) {
      set.files += 1;
      const head = headOf({ title: basename(file) }, file, 1);
      try {
        const { size } = await stat(file);
        if (size > largestRuleFile) {
          set.refused.push(notRunOf(head, `the file has ${size} bytes, more than ${largestRuleFile}`));
          continue;
        }
        const text = (await readFile(file, 'utf8')).replace(/^\ufeff/, '');
        if (QUERY.has(extname(file).toLowerCase())) {
          const title = printable(basename(file, extname(file)), 300);
          const parts = queriesOf(text);
          for (const [i, { query, line }] of parts.entries()) {
            const name = parts.length === 1 ? title : `${title} (${i + 1})`;
            set.rules.push({ ...head, title: name, id: name, line, kind: 'kql', query });
          }
        } else {
          const { rules, refused, filters: own } = readRuleFile(file, text, placeholders);
          for (const rule of rules) set.rules.push(rule);
          for (const filter of own) filters.push(filter);
          for (const one of refused) set.refused.push(one);
        }
      } catch (error) {
        set.refused.push(notRunOf(head, `it cannot be read (${codeOf(error)})`));
      }
    }
  }
  if (set.files === 0)
    throw new NoRules(
      `${paths.map((path) => printable(path, 200)).join(', ')}: no rule file is there (.yml, .yaml, .kql)`,
    );
  return { ...set, ...filtered(set.rules, filters) };
}
