/** What a command writes to. */
export const streams = { stdout: process.stdout, stderr: process.stderr };

let onlyPrints = false;

/** Does the command that runs do nothing but print? */
export const printsOnly = (): boolean => onlyPrints;

/** As `finish`, for a command that does nothing but print. */
export async function print(work: Promise<number> | number): Promise<void> {
  onlyPrints = true;
  return finish(work);
}

/** Sets the exit code without ending the process, so that what is written still gets out. */
export async function finish(work: Promise<number> | number): Promise<void> {
  process.exitCode = await work;
}
