import { KqlError } from '../../kql/kqlerror.ts';

/** A rule that is not understood, or not supported; `path` leads to the cause from the document's root. */
export class RuleRefused extends Error {
  override readonly name = 'RuleRefused';
  readonly path: readonly (string | number)[];

  constructor(because: string, path: readonly (string | number)[] = []) {
    super(because);
    this.path = path;
  }
}

/** Why a rule is not run, whatever its reading threw: a rule that the program itself fails on must not end the run of the others. */
export function reasonOfFailure(error: unknown): string {
  if (error instanceof RuleRefused || error instanceof KqlError) return error.message;
  return `the program fails on this rule: ${error instanceof Error ? error.message : String(error)}`;
}
