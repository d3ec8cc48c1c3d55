import type { Command } from 'commander';
import { Failure } from '../../failure.ts';
import { skeleton } from '../../skeleton.ts';
import { printable } from '../../text/printable.ts';
import { finish, streams } from './ending.ts';
import { allowText, bursts, casesOption, exploited, reading, tagged, wayInOption } from './options.ts';

/** Refuses a word that is rather a command with a wrong letter than a VM: names of VMs mostly have a digit or a dash. */
async function refuseMistyped(word: string, cordon: Command): Promise<void> {
  if (/[\d\-_/]/.test(word)) return;
  const { nearest } = await import('../../text/nearest.ts');
  const [near] = nearest(
    word,
    cordon.commands.map((one) => one.name()),
    1,
  );
  if (near === undefined) return;
  const name = printable(word, 80);
  throw new Failure(`there is no command "${name}"; nearest: ${near}. A VM of that name: cordon triage ${name}`);
}

/** `cordon` itself: the workbench, with a VM opened where one is named. */
export function addWorkbench(cordon: Command): void {
  tagged(exploited(bursts(reading(cordon))))
    .argument('[vm]', 'a VM to open in the workbench, by name or resource id')
    .option('--read-only', 'change nothing in Azure')
    .option('--print-paths', 'print where cases, settings and playbooks are, and nothing else')
    .option('--screen-reader', 'print lines instead of drawing a screen, for screen readers')
    .addOption(casesOption())
    .option('--case <id>', 'continue this case')
    .option('--allow <address>', allowText)
    .addOption(wayInOption())
    .action(async (vm: string | undefined, options) => {
      const flags = vm === undefined ? options : { ...options, vm };
      if (vm !== undefined) await refuseMistyped(vm, cordon);
      if (flags.printPaths) {
        skeleton()?.end();
        process.stdout.write(await (await import('../about.ts')).pathsText());
        return;
      }
      await finish((await import('../workbench.ts')).workbench(flags, streams, process.argv[1]));
      // A request that Azure has not answered must not hold a user who has left.
      if (process.stdout.isTTY) process.stdout.write('', () => process.exit());
    });
}
