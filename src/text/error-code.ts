/** The code of an error of the system or of Node.js, as "ENOENT"; "" where it has none. */
export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';
