// Run by the build with `node --build-snapshot`: loads Microsoft's parser, makes it parse, and leaves a program that
// requires the module which is named on its command line. Takes the folder of @kusto/language-service-next and one of
// queries like those that will be asked: the code that has analysed them is kept compiled.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { startupSnapshot } = require('node:v8');
const { runInThisContext } = require('node:vm');

const [, , folder, queries] = process.argv;
for (const filename of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  runInThisContext(readFileSync(join(folder, filename), 'utf8'), { filename });
}
const { GlobalState, KustoCode } = globalThis.Kusto.Language;
// The grammar is made when the first query is parsed: most of the time that a snapshot saves.
KustoCode.ParseAndAnalyze('print Answer = 1 | where Answer > 0 | summarize count() by Answer', GlobalState.Default);
for (const name of readdirSync(queries)) {
  KustoCode.ParseAndAnalyze(readFileSync(join(queries, name), 'utf8'), GlobalState.Default);
}
startupSnapshot.setDeserializeMainFunction(() => {
  const entry = process.argv[1];
  require('node:module').createRequire(entry)(entry);
});
