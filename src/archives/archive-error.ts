/** Why an archive, or a member of it, cannot be read: a sentence without its path. `code` is as of the system's errors. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: string;

  constructor(because: string, code = '', options?: ErrorOptions) {
    super(because, options);
    this.code = code;
  }
}
