import { EvidenceError } from '../evidence/evidence-error.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { startParserThread } from '../kql/parser-thread.ts';
import { threadEntry } from '../thread-entry.ts';
import type { FromDetectThread, ToDetectThread } from './detect-thread-protocol.ts';
import { NoRules } from './rule-files.ts';
import type { DetectProgress, DetectRequest, DetectResult } from './run-detections.ts';

/** Memory for the evidence that the rules are about. */
const HEAP_MEGABYTES = 4096;

/** All rules over evidence, in a thread of its own. Rejects with EvidenceError, NoRules and KqlError. */
export function detectInThread(
  request: DetectRequest,
  onProgress: (progress: DetectProgress) => void,
): Promise<DetectResult> {
  const thread = startParserThread(threadEntry('detect-thread', import.meta.url, 'detect-thread-entry'), {
    data: null,
    heapMegabytes: HEAP_MEGABYTES,
  });
  const answered = new Promise<DetectResult>((resolve, reject) => {
    thread.onMessage((received) => {
      const message = received as FromDetectThread;
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'result') resolve(message.result);
      else reject(errorOf(message));
    });
    thread.onError((error, outOfMemory) =>
      reject(
        outOfMemory ? new KqlError('limit', `The rules need more than ${HEAP_MEGABYTES} MB of memory.`, []) : error,
      ),
    );
  });
  thread.post({ request } satisfies ToDetectThread);
  return answered.finally(() => thread.end());
}

function errorOf(message: Exclude<FromDetectThread, { kind: 'progress' | 'result' }>): Error {
  if (message.kind === 'kql-error') return new KqlError(message.error, message.message, message.diagnostics);
  if (message.kind === 'defect') return new Error(message.message);
  return message.what === 'evidence' ? EvidenceError.fromMessage(message.message) : new NoRules(message.message);
}
