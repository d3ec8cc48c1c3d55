import type { Completion } from '../kql/completion.ts';
import type { Diagnostic, KqlErrorKind } from '../kql/kqlerror.ts';
import type { CompletionRequest } from './complete-query.ts';
import type { EvidenceParts, PartsRequest } from './evidence-parts.ts';
import type { QueryProgress } from './reading.ts';
import type { QueryRequest, QueryResult } from './run-query.ts';

export type ToQueryThread =
  | { kind: 'query'; number: number; request: QueryRequest }
  | { kind: 'parts'; number: number; request: PartsRequest }
  | { kind: 'complete'; number: number; request: CompletionRequest };

export type FromQueryThread =
  | { kind: 'progress'; number: number; progress: QueryProgress }
  | { kind: 'result'; number: number; result: QueryResult }
  | { kind: 'parts'; number: number; parts: EvidenceParts }
  | { kind: 'completion'; number: number; completion: Completion }
  | { kind: 'kql-error'; number: number; error: KqlErrorKind; message: string; diagnostics: readonly Diagnostic[] }
  | { kind: 'evidence-error'; number: number; message: string }
  | { kind: 'defect'; number: number; message: string };
