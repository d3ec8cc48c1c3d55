import { KqlError } from '../kql/kqlerror.ts';
import { parserThread } from '../kql/parser-thread-entry.ts';
import { completeQuery } from './complete-query.ts';
import { EvidenceError } from './evidence-error.ts';
import { evidenceParts } from './evidence-parts.ts';
import type { FromQueryThread, ToQueryThread } from './query-thread-protocol.ts';
import type { QueryProgress } from './reading.ts';
import { runQuery } from './run-query.ts';

/** The thread that queries run in: Microsoft's parser takes a third of a second and 100 MB, and evaluation its time. */
const side = parserThread();
side?.onMessage((received) => {
  const asked = received as ToQueryThread;
  const { number } = asked;
  const post = (message: FromQueryThread): void => side.post(message);
  const progressed = (progress: QueryProgress): void => post({ kind: 'progress', number, progress });
  answerTo(asked, progressed, post).catch((error: unknown) => {
    if (error instanceof KqlError) {
      const { kind, message, diagnostics } = error;
      post({ kind: 'kql-error', number, error: kind, message, diagnostics });
    } else if (error instanceof EvidenceError) post({ kind: 'evidence-error', number, message: error.message });
    else
      post({
        kind: 'defect',
        number,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  });
});

async function answerTo(
  asked: ToQueryThread,
  onProgress: (progress: QueryProgress) => void,
  post: (message: FromQueryThread) => void,
): Promise<void> {
  const { number } = asked;
  switch (asked.kind) {
    case 'query':
      return post({ kind: 'result', number, result: await runQuery(asked.request, onProgress) });
    case 'parts':
      return post({ kind: 'parts', number, parts: await evidenceParts(asked.request, onProgress) });
    case 'complete':
      return post({ kind: 'completion', number, completion: await completeQuery(asked.request) });
  }
}
