/**
 * Run by the build with `node --build-snapshot`, bundled to one file: loads Microsoft's parser, and leaves a program that
 * requires the module which is named on its command line. Takes the folder of @kusto/language-service-next, and one of
 * queries like those that will be asked.
 */
import { startupSnapshot } from 'node:v8';
import { loadParser } from './loaded-parser.ts';

const [, , library = '', queries = ''] = process.argv;
loadParser(library, queries);
startupSnapshot.setDeserializeMainFunction(() => {
  const entry = process.argv[1] ?? '';
  // This program is no module: Node gives it `require`, of its own modules alone.
  require('node:module').createRequire(entry)(entry);
});
