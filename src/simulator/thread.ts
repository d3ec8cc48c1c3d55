import { parserThread } from '../kql/parser-thread-entry.ts';
import { runInThread } from './run-in-thread.ts';

const side = parserThread();
if (side !== null) runInThread(side, async () => (await import('./scenario/built-in-world.ts')).builtInWorld());
