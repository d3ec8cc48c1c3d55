import { type Command, Option } from 'commander';
import { finish, print, streams } from './ending.ts';
import { casesOption, number, reading } from './options.ts';

/** `cordon playbook lint|export` */
export function addPlaybook(cordon: Command): void {
  const playbook = cordon.command('playbook').description('playbook files');
  playbook
    .command('export <name>')
    .description('a playbook for other tools')
    .option('--cacao', 'as CACAO Security Playbook 2.0, JSON')
    .action(async (name: string, flags) =>
      print((await import('../playbook-export.ts')).exportPlaybook(name, flags, streams)),
    );
  playbook
    .command('lint <file...>')
    .description('what is wrong in them, each with its place, and orders that lose evidence (exit 1; 2 if unusable)')
    .action(async (files: string[]) => finish((await import('../playbook-lint.ts')).lintPlaybooks(files, streams)));
}

/** `cordon case list|show|verify|anchor|post|export` */
export function addCase(cordon: Command): void {
  const cases = cordon.command('case').description('case files');
  const folder = (command: Command) => command.addOption(casesOption());
  folder(cases.command('list').description('every case, newest first'))
    .option('--json', 'print JSON')
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals();
      await print((await import('../case.ts')).caseList({ ...at(flags), json: flags.json === true }, streams));
    });
  folder(cases.command('show <case>').description('print its transcript'))
    .option('--json', 'print JSON')
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      await finish((await import('../case.ts')).caseShow(id, { ...at(flags), json: flags.json === true }, streams));
    });
  reading(folder(cases.command('verify <case>').description('verify the hash chain (exit 6 if it is broken)')))
    .option('--head <hash>', 'the head that was noted elsewhere')
    .option('--entries <n>', 'the number of entries that was noted elsewhere', number)
    .option('--anchor <head:count>', 'both, as an export prints them')
    .option('--evidence', 'make the digests of the exported disks again, too')
    .option('--azure', 'ask Azure too: the heads in tags of what the case made, and its changes in the activity log')
    .option('--tsa-ca <file>', 'certificates (PEM) that those of time-stamping authorities must lead to')
    .option('--json', 'print JSON')
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      const { verifyWithAzure } = await import('../verify-with-azure.ts');
      await finish(verifyWithAzure(id, { ...flags, ...at(flags) }, streams));
    });
  folder(cases.command('anchor <case>').description('have a time-stamping authority sign the head (RFC 3161)'))
    .requiredOption('--tsa <url>', 'the address of the authority; it gets a digest of head and count, nothing else')
    .option('--tsa-ca <file>', 'certificates (PEM) that its certificate must lead to')
    .action(async (id: string, _flags, command: Command) =>
      finish((await import('../case-anchor.ts')).caseAnchor(id, command.optsWithGlobals(), streams)),
    );
  reading(folder(cases.command('post <case>').description('put its summary on an incident, as a comment')))
    .requiredOption('--sentinel <incident>', 'an incident of Microsoft Sentinel: its resource id, GUID or number')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--yes', 'post it')
    .option('--approve <digest>', 'post only what a dry run of this digest showed')
    .option('--reason <text>', 'why, for the transcript')
    .option('--json', 'print cordon.plan/1 or cordon.run/1')
    .action(async (id: string, _flags, command: Command) =>
      finish((await import('../case-post.ts')).casePost(id, command.optsWithGlobals(), streams)),
    );
  folder(cases.command('export <case>').description('case notes'))
    .addOption(
      new Option(
        '--format <format>',
        'notes: markdown, html, pdf; for other tools: timesketch, csv (indicators), stix, iris',
      )
        .choices(['markdown', 'html', 'pdf', 'timesketch', 'csv', 'stix', 'iris'])
        .default('markdown'),
    )
    .option('--pdf', 'the notes as PDF, printed by the Chromium, Chrome or Edge that is installed')
    .option('--out <file>', 'the file to write (default: in the folder of the case)')
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      await finish(
        (await import('../case.ts')).caseExport(
          id,
          { ...at(flags), format: flags.pdf ? 'pdf' : flags.format, ...(flags.out ? { out: flags.out } : {}) },
          streams,
        ),
      );
    });
}

function at(flags: { cases?: string }): { root?: string } {
  return flags.cases ? { root: flags.cases } : {};
}
