/** A rule that is not understood, or not supported; `path` leads to the cause from the document's root. */
export class RuleRefused extends Error {
  override readonly name = 'RuleRefused';
  readonly path: readonly (string | number)[];

  constructor(because: string, path: readonly (string | number)[] = []) {
    super(because);
    this.path = path;
  }
}
