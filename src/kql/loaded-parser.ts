import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { analyseText, schemaOf } from './language.ts';

/**
 * Loads Microsoft's parser from the folder of @kusto/language-service-next into a process of which a snapshot is made, and
 * makes it parse the queries of a folder: its grammar is made when the first query is parsed, most of the time that a
 * snapshot saves, and its code is kept compiled.
 */
export function loadParser(library: string, queries: string): void {
  for (const filename of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    runInThisContext(readFileSync(join(library, filename), 'utf8'), { filename });
  }
  const plain = schemaOf([]);
  analyseText('print Answer = 1 | where Answer > 0 | summarize count() by Answer', plain, false);
  for (const name of readdirSync(queries)) analyseText(readFileSync(join(queries, name), 'utf8'), plain, false);
  plain.analyses.clear();
}
