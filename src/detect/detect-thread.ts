import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { startParserThread } from '../kql/parser-thread.ts';
import type { FromDetectThread, ToDetectThread } from './detect-thread-protocol.ts';
import { NoRules } from './rule-files.ts';
import type { DetectProgress, DetectRequest, DetectResult } from './run-detections.ts';

/** The entry: beside the bundle's main or one level above a chunk of it, else the source. */
function entry(): URL {
  for (const place of ['./detect-thread.js', '../detect-thread.js', './detect-thread-entry.ts']) {
    const url = new URL(place, import.meta.url);
    if (existsSync(fileURLToPath(url))) return url;
  }
  throw new Error('the thread of detections is not part of this installation');
}

/** Memory for the evidence that the rules are about. */
const HEAP_MEGABYTES = 4096;

/** All rules over evidence, in a thread of its own. Rejects with EvidenceError, NoRules and KqlError. */
export function detectInThread(
  request: DetectRequest,
  onProgress: (progress: DetectProgress) => void,
): Promise<DetectResult> {
  const thread = startParserThread(entry(), { data: null, heapMegabytes: HEAP_MEGABYTES });
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
