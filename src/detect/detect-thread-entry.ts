import { EvidenceError } from '../evidence/evidence-error.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { parserThread } from '../kql/parser-thread-entry.ts';
import type { FromDetectThread, ToDetectThread } from './detect-thread-protocol.ts';
import { NoRules } from './rule-files.ts';
import { runDetections } from './run-detections.ts';

/** The thread that rules run in: it holds the evidence, and Microsoft's parser. */
const side = parserThread();
side?.onMessage((received) => {
  const { request } = received as ToDetectThread;
  const post = (message: FromDetectThread): void => side.post(message);
  runDetections(request, (progress) => post({ kind: 'progress', progress })).then(
    (result) => post({ kind: 'result', result }),
    (error: unknown) => {
      if (error instanceof EvidenceError) post({ kind: 'refused', what: 'evidence', message: error.message });
      else if (error instanceof NoRules) post({ kind: 'refused', what: 'rules', message: error.message });
      else if (error instanceof KqlError) {
        const { kind, message, diagnostics } = error;
        post({ kind: 'kql-error', error: kind, message, diagnostics });
      } else post({ kind: 'defect', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});
