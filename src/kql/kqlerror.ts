/** A diagnostic of a query: its place and what is wrong, in the words of Microsoft's analyser or in ours. */
export interface Diagnostic {
  severity: 'error' | 'warning' | 'information';
  /** The analyser's code (`KS142`), or `unsupported` / `limit` for what this evaluator refuses. */
  code: string;
  message: string;
  /** Offset into the query text, in UTF-16 units. */
  start: number;
  length: number;
  /** One-based. */
  line: number;
  /** One-based. */
  column: number;
  token: string;
}

export type KqlErrorKind = 'syntax' | 'semantic' | 'unsupported' | 'limit';

/**
 * Why a query has no answer. `syntax` and `semantic` are faults of the query; `unsupported` is a construct this
 * evaluator does not know and will not approximate; `limit` is a bound on work that was reached.
 */
export class KqlError extends Error {
  override readonly name = 'KqlError';
  readonly kind: KqlErrorKind;
  /** One-based line of the offending token. */
  readonly line: number;
  /** One-based column of the offending token. */
  readonly column: number;
  readonly token: string;
  readonly diagnostics: readonly Diagnostic[];

  constructor(kind: KqlErrorKind, message: string, diagnostics: readonly Diagnostic[]) {
    super(message);
    const first = diagnostics.find((d) => d.severity === 'error') ?? diagnostics[0];
    this.kind = kind;
    this.line = first?.line ?? 1;
    this.column = first?.column ?? 1;
    this.token = first?.token ?? '';
    this.diagnostics = diagnostics;
  }
}

/** Does a code of the analyser's diagnostics speak of grammar, and not of meaning? */
export const isSyntaxCode = (code: string): boolean => /^KS00\d$/.test(code);

/** One-based line and column of an offset. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let from = 0;
  for (;;) {
    const at = text.indexOf('\n', from);
    if (at < 0 || at >= offset) return { line, column: offset - from + 1 };
    line += 1;
    from = at + 1;
  }
}
