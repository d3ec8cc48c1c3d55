import { type Command, Option } from 'commander';
import { finish, streams } from './ending.ts';
import { allowText, casesOption, reading, wayInOption } from './options.ts';

/** `cordon run PLAYBOOK` */
export function addRun(cordon: Command): void {
  reading(
    cordon.command('run <playbook> [vms...]').description('run a playbook without the workbench, on one VM or several'),
  )
    .option('--vm <vm>', 'the VM, by name or resource id; several are given behind the playbook')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--yes', 'answer yes; steps that need the VM name still need --confirm')
    .option('--confirm <name>', "the VM's name, or the number of several VMs, for steps that ask for it")
    .option('--allow <address>', allowText)
    .addOption(wayInOption())
    .addOption(
      new Option('--existing-lock <choice>', 'when another case has locked the VM (default: refuse)').choices([
        'refuse',
        'join',
        'replace',
      ]),
    )
    .option('--evidence-group <name>', 'the resource group that snapshots are put in')
    .option('--evidence-subscription <id>', 'the subscription of that group')
    .option('--lock-evidence', 'a CanNotDelete lock on each snapshot')
    .option('--restore-point', 'also a restore point of all disks at one moment, where Azure can')
    .option('--account <name>', 'the local account that disable-account disables, without its domain')
    .option('--snapshot <name>', 'the snapshot to export, by name or resource id')
    .option(
      '--to <place>',
      'where exported disks and collected output go: a folder, or a container https://… (default: the folder of the case)',
    )
    .option('--immutable', 'refuse a container whose blobs no policy keeps from being changed')
    .option('--close-outbound', 'deny outbound traffic too, but for what the playbook keeps')
    .option('--approve <digest>', 'run only the plan of this digest, as --dry-run prints it; or the file of its JSON')
    .option('--reason <text>', 'why, for the transcript')
    .option('--read-only', 'change nothing in Azure')
    .option('--case <id>', 'continue this case')
    .addOption(casesOption())
    .option('--json', 'print cordon.plan/1 or cordon.run/1')
    .action(async (playbook: string, vms: string[], _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      const { runOn } = await import('../run-headless.ts');
      await finish(runOn(playbook, [...(flags.vm ? [flags.vm] : []), ...vms], flags, streams, process.argv[1]));
    });
}

/** `cordon undo [CASE]` */
export function addUndo(cordon: Command): void {
  reading(
    cordon
      .command('undo [case]')
      .description('undo what a case changed, last step first; or lift the locks at a VM, from any case or responder'),
  )
    .option('--vm <vm>', 'instead of a case: lift the locks at this VM, found by their tags in Azure')
    .option('--step <id>', 'only this step')
    .option('--yes', 'do it; without it the steps are listed')
    .option('--keep', 'keep what would be undone automatically')
    .option('--due', 'only what is past the time after which it is undone automatically')
    .addOption(new Option('--wait', 'with --due: wait until it is').hideHelp())
    .option(
      '--confirm <name>',
      "the VM's name, with --step: needed where something cannot be restored, or was changed by others since",
    )
    .option('--reason <text>', 'why, for the transcript')
    .addOption(casesOption())
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, _flags, command: Command) =>
      finish((await import('../run-headless.ts')).undoCase(id, command.optsWithGlobals(), streams)),
    );
}

/** `cordon release CASE` */
export function addRelease(cordon: Command): void {
  reading(
    cordon
      .command('release <case>')
      .description('at the end of an incident: undo all that the case has in force, and look at what is left'),
  )
    .option('--confirm <name>', "the VM's name: do it; without it what is in force is listed")
    .option('--reason <text>', 'why, for the transcript')
    .addOption(casesOption())
    .action(async (id: string, _flags, command: Command) =>
      finish((await import('../release.ts')).releaseCase(id, command.optsWithGlobals(), streams)),
    );
}
