/** What the process exits with; documented in the README and stable for scripts. */
export const exitCode = {
  done: 0,
  findings: 1,
  usage: 2,
  notPermitted: 3,
  undone: 4,
  needsAttention: 5,
  notVerified: 6,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An expected failure: one line for a user and the exit code for a script. Everything else is a defect. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(message: string, code: ExitCode = exitCode.usage, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = code;
  }
}
