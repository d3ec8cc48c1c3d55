import type { Command } from 'commander';
import { finish, streams } from './ending.ts';
import { bursts, casesOption, exploited, failOnOption, reading, tagged } from './options.ts';

/** `cordon scan` */
export function addScan(cordon: Command): void {
  tagged(exploited(bursts(reading(cordon.command('scan').description('every VM in reach, ranked by suspicion')))))
    .option('--json', 'print cordon.scan/1')
    .option('--full', "with each VM's exposure")
    .option('--case <id>', 'enter what was found into this case')
    .addOption(casesOption())
    .addOption(failOnOption())
    .action(async (_flags, command: Command) =>
      finish((await import('../scan.ts')).scan(command.optsWithGlobals(), streams)),
    );
}

/** `cordon triage VM` */
export function addTriage(cordon: Command): void {
  tagged(
    exploited(
      bursts(
        reading(
          cordon
            .command('triage <vm>')
            .description('exposed ports, failed logons, missing patches and posture of one VM, by name or resource id'),
        ),
      ),
    ),
  )
    .option('--json', 'print cordon.triage/1')
    .option('--evidence <file...>', 'exported event logs (.evtx) of the VM, shown beside its logs in Log Analytics')
    .option('--markdown', 'print Markdown')
    .option('--case <id>', "enter what was asked and found into this case; today: the VM's case of today")
    .addOption(casesOption())
    .addOption(failOnOption())
    .action(async (vm: string, _flags, command: Command) =>
      finish((await import('../triage.ts')).triage(vm, command.optsWithGlobals(), streams)),
    );
}

/** `cordon incident VM` */
export function addIncident(cordon: Command): void {
  bursts(reading(cordon.command('incident [vm]').description('what leads from a VM to the next, and to data')))
    .option('--sentinel <incident>', 'the VMs that an incident of Microsoft Sentinel names: its id, GUID or number')
    .option('--json', 'print cordon.incident/1')
    .option('--case <id>', "enter the triage of each VM into this case; today: the VM's case of today")
    .addOption(casesOption())
    .action(async (vm: string | undefined, _flags, command: Command) =>
      finish((await import('../incident.ts')).incident(vm, command.optsWithGlobals(), streams)),
    );
}

/** `cordon doctor` */
export function addDoctor(cordon: Command): void {
  reading(cordon.command('doctor').description('what works with this sign-in, and what to ask the customer for'))
    .option('--vm <vm>', 'ask about this VM alone: its resource id, or its name')
    .option('--json', 'print JSON')
    .option('--redact', 'leave out names, ids and addresses, for a report in public')
    .action(async (_flags, command: Command) =>
      finish((await import('../doctor.ts')).doctor(command.optsWithGlobals(), streams)),
    );
}
