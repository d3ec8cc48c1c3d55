/**
 * Run by the build with `node --build-snapshot`, bundled to one file: loads Microsoft's parser, makes it parse, and leaves a
 * program that requires the module which is named on its command line. Takes the folder of @kusto/language-service-next,
 * one of queries like those that will be asked, whose code is kept compiled, and a file of queries with their tables
 * (`analysedQueries` as JSON) whose analyses are kept whole.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startupSnapshot } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { type AnalysedQueries, analyseText, keepAnalyses, schemaOf } from './language.ts';

const [, , folder = '', queries = '', asked = ''] = process.argv;
for (const filename of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  runInThisContext(readFileSync(join(folder, filename), 'utf8'), { filename });
}
// The grammar is made when the first query is parsed: most of the time that a snapshot saves.
const plain = schemaOf([]);
analyseText('print Answer = 1 | where Answer > 0 | summarize count() by Answer', plain, false);
for (const name of readdirSync(queries)) analyseText(readFileSync(join(queries, name), 'utf8'), plain, false);
plain.analyses.clear();
for (const { tables, texts } of JSON.parse(readFileSync(asked, 'utf8')) as AnalysedQueries[]) {
  const schema = schemaOf(tables);
  for (const { text, anyCase } of texts) analyseText(text, schema, anyCase);
}
keepAnalyses();
startupSnapshot.setDeserializeMainFunction(() => {
  const entry = process.argv[1] ?? '';
  // This program is no module: Node gives it `require`, of its own modules alone.
  require('node:module').createRequire(entry)(entry);
});
