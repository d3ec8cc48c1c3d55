/** A rule that cannot be run as it is meant; `path` leads to what stands in the way, from the document's root. */
export class RuleRefused extends Error {
  override readonly name = 'RuleRefused';
  readonly path: readonly (string | number)[];

  constructor(because: string, path: readonly (string | number)[] = []) {
    super(because);
    this.path = path;
  }
}
