import { CommanderError } from 'commander';
import { printsOnly } from './commands/command-line/ending.ts';
import { cordonProgram } from './commands/command-line/program.ts';
import { exitCode, Failure } from './failure.ts';
import { skeleton } from './skeleton.ts';
import { printable } from './text/printable.ts';

/**
 * What is written to a reader that is gone (`| head`, a closed terminal) is lost, and nothing else: a command that
 * changes Azure, or whose exit code says what it found, goes on to its end. What only prints can end at once.
 */
const goneReader = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EBADF']);
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!goneReader.has(error.code ?? '')) throw error;
    if (stream === process.stdout && printsOnly()) process.exit(exitCode.done);
  });
}

/** `--debug FILE` at any position: the log of the Azure SDK goes there, and no other way. */
async function startDebugging(argv: readonly string[]): Promise<void> {
  const at = argv.findIndex((word) => word === '--debug' || word.startsWith('--debug='));
  const file = argv[at]?.startsWith('--debug=') ? argv[at].slice('--debug='.length) : argv[at + 1];
  if (at < 0 || !file) return;
  process.env.AZURE_LOG_LEVEL ??= 'info';
  const { debugFile, guardScreen, sdkLine } = await import('./commands/screen-guard.ts');
  guardScreen(debugFile(file), sdkLine);
}

try {
  await startDebugging(process.argv);
  if (/^(-V|--version)$/.test(process.argv[2] ?? '')) {
    process.stdout.write(`${(await import('./commands/about.ts')).versionText()}\n`);
  } else {
    await cordonProgram().parseAsync();
  }
} catch (error) {
  skeleton()?.end();
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
  } else if (error instanceof Failure) {
    process.stderr.write(
      `cordon: ${error.message
        .split('\n')
        .map((line) => printable(line, 20_000))
        .join('\n')}\n`,
    );
    process.exitCode = error.exitCode;
  } else {
    const { describe } = await import('./commands/unexpected.ts');
    const told = describe(error);
    process.stderr.write(`cordon: ${told.message}\n`);
    process.exitCode = told.exitCode;
  }
}
