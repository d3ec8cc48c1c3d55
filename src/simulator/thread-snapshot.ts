/**
 * Run by the build with `node --build-snapshot`, bundled to one file: loads Microsoft's parser and the simulator with its
 * built-in world, and leaves a program that runs the simulator. Takes the folder of @kusto/language-service-next, one of
 * queries like those that will be asked, and a file of requests (`RecordedRequest[]` as JSON). These are answered once by a
 * simulated Azure that is then thrown away: what stays is the simulator's code, compiled, and the analyses of the texts of
 * the queries. Each query is executed when it is asked.
 */
import { readFileSync } from 'node:fs';
import { startupSnapshot } from 'node:v8';
import { keptAnalyses } from '../kql/language.ts';
import { loadParser } from '../kql/loaded-parser.ts';
import { parserThread } from '../kql/parser-thread-entry.ts';
import { Azure } from './azure.ts';
import { Gateway } from './gateway.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { runInThread } from './run-in-thread.ts';
import { builtInWorld } from './scenario/built-in-world.ts';

async function answerOnce(requests: readonly RecordedRequest[]): Promise<void> {
  const azure = new Azure(builtInWorld(), { limits: 'none' });
  const gateway = new Gateway(azure);
  for (const { incoming, audience } of requests) {
    const { token } = azure.tokens.issue(audience);
    const outgoing = await gateway.answer({
      ...incoming,
      headers: { ...incoming.headers, authorization: `Bearer ${token}` },
    });
    // The caller of the built-in world may not read all that is asked for.
    if (outgoing.dropped || outgoing.status === 401 || outgoing.status >= 500)
      throw new Error(`${incoming.method} ${incoming.target} is not answered as it was`);
  }
}

async function prepare(library: string, queries: string, recorded: string): Promise<void> {
  loadParser(library, queries);
  await answerOnce(JSON.parse(readFileSync(recorded, 'utf8')));
  const world = builtInWorld();
  startupSnapshot.setDeserializeMainFunction(() => {
    const side = parserThread();
    if (side !== null) runInThread(side, async () => world);
    else inspect(process.argv[1] ?? '');
  });
}

/** Requires the module that is named on the command line, which finds what has been analysed under a global name. */
function inspect(module: string): void {
  Reflect.set(globalThis, Symbol.for('cordon.kql.analyses'), keptAnalyses());
  require('node:module').createRequire(module)(module);
}

const [, , library = '', queries = '', recorded = ''] = process.argv;
prepare(library, queries, recorded).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
