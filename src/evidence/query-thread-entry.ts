import { KqlError } from '../kql/kqlerror.ts';
import { parserThread } from '../kql/parser-thread-entry.ts';
import { completeQuery } from './complete-query.ts';
import { EvidenceError } from './evidence-error.ts';
import type { FromQueryThread, ToQueryThread } from './query-thread-protocol.ts';
import { runQuery } from './run-query.ts';

/** The thread that queries run in: Microsoft's parser takes a third of a second and 100 MB, and evaluation its time. */
const side = parserThread();
side?.onMessage((received) => {
  const asked = received as ToQueryThread;
  const { number } = asked;
  const post = (message: FromQueryThread): void => side.post(message);
  const answer =
    asked.kind === 'query'
      ? runQuery(asked.request, (progress) => post({ kind: 'progress', number, progress })).then((result) =>
          post({ kind: 'result', number, result }),
        )
      : completeQuery(asked.request).then((completion) => post({ kind: 'completion', number, completion }));
  answer.catch((error: unknown) => {
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
