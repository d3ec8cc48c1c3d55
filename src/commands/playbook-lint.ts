import { readFile, stat } from 'node:fs/promises';
import { createActions } from '../actions/actions.ts';
import { connect } from '../azure/client/connection.ts';
import { type ExitCode, exitCode, Failure } from '../failure.ts';
import { lintPlaybook } from '../playbook/lint.ts';
import { largestPlaybook, placeIn, readPlaybook } from '../playbook/playbook-file.ts';
import { printable } from '../text/printable.ts';

interface LintStreams {
  stdout: { write(text: string): unknown };
}

/** The lines about one file, and whether it can be used. */
async function linesOf(file: string, actions: ReturnType<typeof createActions>) {
  try {
    const { size } = await stat(file);
    if (size > largestPlaybook) throw new Failure(`${file}: has ${size} bytes; expected at most ${largestPlaybook}`);
    const source = await readFile(file, 'utf8');
    const warnings = lintPlaybook(readPlaybook(file, source, actions), actions);
    const place = placeIn(source);
    const lines = warnings.map(({ path, text }) => {
      const { line, column } = place(path);
      return { line, text: `${file}:${line}:${column}: warning: ${text}` };
    });
    return { usable: true, lines: lines.sort((a, b) => a.line - b.line).map(({ text }) => text) };
  } catch (error) {
    if (error instanceof Failure) return { usable: false, lines: [error.message] };
    const code: unknown = Reflect.get(Object(error), 'code');
    if (typeof code !== 'string') throw error;
    return { usable: false, lines: [`${file}: cannot be read (${code})`] };
  }
}

/**
 * `cordon playbook lint FILE...`: what is wrong in playbook files, each with its place, and what they do in an order that
 * is likely to be regretted. Asks nothing of Azure. Returns 2 where one cannot be used, 1 where one has warnings, else 0.
 */
export async function lintPlaybooks(files: readonly string[], { stdout }: LintStreams): Promise<ExitCode> {
  const actions = createActions(connect());
  let code: ExitCode = exitCode.done;
  for (const file of files) {
    const { usable, lines } = await linesOf(file, actions);
    for (const line of lines) stdout.write(`${printable(line, 1000)}\n`);
    if (usable && lines.length === 0) stdout.write(`${printable(file, 300)}: nothing to object to\n`);
    if (!usable) code = exitCode.usage;
    else if (lines.length > 0 && code === exitCode.done) code = exitCode.findings;
  }
  return code;
}
