import type { Diagnostic, KqlErrorKind } from '../kql/kqlerror.ts';
import type { QueryProgress } from './load-tables.ts';
import type { QueryRequest, QueryResult } from './run-query.ts';

export interface ToQueryThread {
  kind: 'query';
  number: number;
  request: QueryRequest;
}

export type FromQueryThread =
  | { kind: 'progress'; number: number; progress: QueryProgress }
  | { kind: 'result'; number: number; result: QueryResult }
  | { kind: 'kql-error'; number: number; error: KqlErrorKind; message: string; diagnostics: readonly Diagnostic[] }
  | { kind: 'evidence-error'; number: number; message: string }
  | { kind: 'defect'; number: number; message: string };
