import { Argument, type Command, Option } from 'commander';
import { documentNames } from '../../documents/names.ts';
import { Failure } from '../../failure.ts';
import { printable } from '../../text/printable.ts';
import { finish, print } from './ending.ts';
import { number } from './options.ts';

/** `cordon simulate` */
export function addSimulate(cordon: Command): void {
  cordon
    .command('simulate')
    .description('the Azure simulator alone, for other clients')
    .option('--world <file>', 'the world (default: the built-in incident)')
    .option('--port <n>', 'where it listens on the loopback (default: any free port)', (text) => Number(text))
    .addOption(
      new Option('--latency <kind>', 'how slow its answers are (default: none)').choices(['none', 'realistic']),
    )
    .option('--faults <file>', 'faults to inject')
    .option('--tls-cert <file>', 'certificate (PEM)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--mutation-log <file>', 'append every change to a file')
    .addOption(
      new Option(
        '--limits <kind>',
        'azure: throttle requests at the rates that Azure documents (default: azure)',
      ).choices(['azure', 'none']),
    )
    .option('--token-lifetime <seconds>', 'how long a token lasts (default: 3600)', number)
    .action(async (_flags, command: Command) =>
      finish((await import('../simulate.ts')).simulate(command.optsWithGlobals())),
    );
}

/** An argument that shells complete; the command itself says what is wrong with another value. */
const oneOf = (name: string, choices: readonly string[]) => Object.assign(new Argument(name), { argChoices: choices });

/** `cordon completion SHELL` */
export function addCompletion(cordon: Command): void {
  cordon
    .command('completion')
    .addArgument(oneOf('<shell>', ['bash', 'zsh', 'fish']))
    .description('print the completion script of bash, zsh or fish, to be sourced')
    .action(async (shell: string) => {
      if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') {
        throw new Failure(`completion is made for bash, zsh and fish, not for ${printable(shell, 40)}`);
      }
      process.stdout.write((await import('../completion.ts')).completionText(cordon, shell));
    });
}

/** `cordon man` */
export function addMan(cordon: Command): void {
  cordon
    .command('man')
    .description('the manual page: cordon man | man -l -')
    .action(async () => {
      process.stdout.write((await import('../about.ts')).manText(cordon));
    });
}

/** `cordon schema NAME` */
export function addSchema(cordon: Command): void {
  cordon
    .command('schema')
    .addArgument(oneOf('<name>', documentNames))
    .description(`the JSON Schema of a document: ${documentNames.join(', ')}`)
    .action(async (name: string) => print((await import('../schema.ts')).schema(name, process.stdout)));
}
