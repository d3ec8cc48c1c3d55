// Run by hand: node scripts/kql-examples.ts <git folder of MicrosoftDocs/dataexplorer-docs>
// Reads the examples of Microsoft's KQL reference that have an answer and need no table of a sample cluster, and writes
// them as test/kql/documented-examples.jsonl: page, query without its comments, and the answer's cells. Nothing else of
// the pages is kept. Microsoft's pages are under CC BY 4.0 and their code under the MIT licence, which the file repeats.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyse } from '../src/kql/evaluate.ts';

interface Example {
  page: string;
  query: string;
  columns: string[];
  rows: string[][];
}

const FOLDER = 'data-explorer/kusto/query/';
/** Pages of what is not evaluated at all, geography and graphs, or belongs to other services. */
const LEFT_OUT = /^geo|graph|polygon|^cluster-function|http-request|azure-digital-twins|^infer-storage/;
/** Longer ones are plots. */
const MAX_QUERY = 4_000;
/** What answers differently each time, or draws. */
const UNREPEATABLE =
  /\b(rand|now|ago|new_guid|sample|sample-distinct|ingestion_time|cursor_current|current_\w+)\s*\(|\bsample\b/;
/** The analyser's codes for what the query names and only a sample cluster has. */
const UNKNOWN: ReadonlySet<string> = new Set(['KS142', 'KS204', 'KS205', 'KS208', 'KS209', 'KS211']);

const [repository] = process.argv.slice(2);
if (!repository) {
  process.stderr.write('usage: node scripts/kql-examples.ts <git folder of MicrosoftDocs/dataexplorer-docs>\n');
  process.exit(2);
}
const git = (...args: string[]): string =>
  execFileSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 });

/** A query without comments and the blanks at its ends; texts keep their `//`. */
function withoutComments(query: string): string {
  return query
    .replace(/("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*/g, (_, text?: string) => text ?? '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) =>
    cell
      .trim()
      .replace(/\\([|_*<>#`[\]-])/g, '$1')
      .replace(/<br\s*\/?>/gi, '\n')
      .replace(/&(nbsp|lt|gt|amp|quot|#124);/g, (_, name: string) => ENTITIES[name] ?? ''),
  );
}

const ENTITIES: Record<string, string> = { nbsp: ' ', lt: '<', gt: '>', amp: '&', quot: '"', '#124': '|' };

/** The examples of a page: a block of KQL, and the table after the next line that says Output. */
function examplesOf(page: string, text: string): Example[] {
  const found: Example[] = [];
  const block = /^```kusto[^\n]*\n([\s\S]*?)^```[ \t]*\n([\s\S]*?)(?=^```|(?![\s\S]))/gim;
  for (const [, query = '', after = ''] of text.matchAll(block)) {
    const output = /^\*\*Output:?\*\*:?\s*\n\s*\n((?:\s*\|.*\n?)+)/m.exec(after);
    if (!output?.[1]) continue;
    // Another heading before the answer makes it another example's.
    if (/^#/m.test(after.slice(0, output.index))) continue;
    const [head, ruler, ...rows] = output[1].trim().split(/\n/);
    if (!head || !ruler || !/^[\s|:-]+$/.test(ruler)) continue;
    found.push({ page, query: withoutComments(query), columns: cellsOf(head), rows: rows.map(cellsOf) });
  }
  return found;
}

const pages = git('ls-tree', '--name-only', 'HEAD', FOLDER)
  .split('\n')
  .filter((p) => p.endsWith('.md'));
const everything = pages.flatMap((path) => examplesOf(path.slice(FOLDER.length, -3), git('show', `HEAD:${path}`)));
const all = everything.filter(({ page }) => !LEFT_OUT.test(page));
const kept = all.filter(({ query }) => {
  // A search without a list asks every table of the cluster.
  if (query.length > MAX_QUERY || UNREPEATABLE.test(query) || /^search\b/.test(query)) return false;
  try {
    return !analyse(query, {}).diagnostics.some((d) => d.severity === 'error' && UNKNOWN.has(d.code));
  } catch {
    return false;
  }
});
const commit = git('rev-parse', 'HEAD').trim();
const date = git('log', '-1', '--format=%cs').trim();
const file = join(import.meta.dirname, '..', 'test', 'kql', 'documented-examples.jsonl');
const source = {
  source: `MicrosoftDocs/dataexplorer-docs, ${FOLDER}, commit ${commit} (${date})`,
  licence:
    'Copyright (c) Microsoft Corporation. Pages: CC BY 4.0; code: MIT. Queries without comments and their answers only.',
};
writeFileSync(file, `${[source, ...kept].map((line) => JSON.stringify(line)).join('\n')}\n`);
process.stdout.write(
  `${everything.length} examples with an answer; ${everything.length - all.length} of geography, graphs and services left out; ${kept.length} without a table of a sample cluster\n`,
);
