import type { Diagnostic, KqlErrorKind } from '../kql/kqlerror.ts';
import type { DetectProgress, DetectRequest, DetectResult } from './run-detections.ts';

export interface ToDetectThread {
  request: DetectRequest;
}

export type FromDetectThread =
  | { kind: 'progress'; progress: DetectProgress }
  | { kind: 'result'; result: DetectResult }
  /** Evidence or rules that cannot be read, named in the message. */
  | { kind: 'refused'; what: 'evidence' | 'rules'; message: string }
  | { kind: 'kql-error'; error: KqlErrorKind; message: string; diagnostics: readonly Diagnostic[] }
  | { kind: 'defect'; message: string };
