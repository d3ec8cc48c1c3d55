import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exitCode, Failure } from './failure.ts';
import { skeleton } from './skeleton.ts';
import { printable } from './text/printable.ts';
import { version } from './version.ts';

const streams = { stdout: process.stdout, stderr: process.stderr };

/** The options that every command which reads Azure takes. */
function reading(command: Command): Command {
  return command
    .option('--demo', 'use the built-in Azure simulator and its incident')
    .option('--world <file>', 'use another world in the simulator')
    .addOption(new Option('--latency <kind>', 'how slow the simulator is').choices(['none', 'realistic']))
    .option('--faults <file>', 'faults that the simulator injects')
    .option('--simulator <url>', 'connect to a running cordon simulate')
    .addOption(new Option('--cloud <name>', 'the Azure cloud').choices(['public', 'usgov', 'china', 'custom']))
    .option('--endpoint <url>', 'Azure Resource Manager of a custom cloud')
    .option('--authority <url>', 'Entra ID of a custom cloud')
    .option('--audience <uri>', 'what tokens of a custom cloud are for; its endpoint when absent')
    .option('--logs-endpoint <url>', 'Log Analytics of a custom cloud')
    .addOption(
      new Option(
        '--auth <method>',
        'how to sign in; by default a person’s sign-in before the computer’s identity',
      ).choices(['default', 'cli', 'device-code', 'browser', 'managed-identity', 'environment']),
    )
    .option('--tenant <id>', 'the tenant to sign in to')
    .option(
      '--timeout <seconds>',
      'how long Azure may take for one request (60; a log query 150, a change 120)',
      number,
    )
    .option('--subscription <name...>', 'only these subscriptions, by name or id')
    .option('--traffic <file>', 'append every exchange with Azure to a file, without credentials')
    .option('--debug <file>', 'append the log of the Azure SDK to a file, without credentials');
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It takes a positive number.');
  return value;
}

/** What makes a burst. */
function thresholds(command: Command): Command {
  return command
    .option('--failures <n>', 'failures within the window that make a burst', number)
    .option('--window <minutes>', 'length of that window', number);
}

/** The options that every command which looks for failed logons takes. */
function bursts(command: Command): Command {
  return thresholds(command.option('--hours <n>', 'how far back to look for failed logons', number));
}

/** The option of every command that marks what is known to be exploited. */
function exploited(command: Command): Command {
  return command.option('--kev <file>', 'CISA’s known_exploited_vulnerabilities.json, to mark what is exploited');
}

/** The option of every command that evaluates exposure. */
function tagged(command: Command): Command {
  return command.option(
    '--service-tags <file>',
    'Microsoft’s ServiceTags_Public_<date>.json, for the addresses behind tags such as AzureCloud',
  );
}

/** Does the current command do nothing but print? */
let printsOnly = false;

/** As `finish`, for a command that does nothing but print. */
async function print(work: Promise<number> | number): Promise<void> {
  printsOnly = true;
  return finish(work);
}

/** Sets the exit code without ending the process, so that what is written still gets out. */
async function finish(work: Promise<number> | number): Promise<void> {
  process.exitCode = await work;
}

/** Refuses a word that is rather a command with a wrong letter than a VM: names of VMs mostly have a digit or a dash. */
async function refuseMistyped(word: string, cordon: Command): Promise<void> {
  if (/[\d\-_/]/.test(word)) return;
  const { nearest } = await import('./text/nearest.ts');
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
function addWorkbench(cordon: Command): void {
  tagged(exploited(bursts(reading(cordon))))
    .argument('[vm]', 'a VM to open in the workbench, by name or resource id')
    .option('--read-only', 'change nothing in Azure')
    .option('--print-paths', 'print where cases, settings and playbooks are, and nothing else')
    .option('--screen-reader', 'print lines instead of drawing a screen, for screen readers')
    .option('--cases <folder>', 'where case files are kept')
    .option('--case <id>', 'continue this case')
    .option('--allow <address>', allowText)
    .addOption(wayInOption())
    .action(async (vm: string | undefined, options) => {
      const flags = vm === undefined ? options : { ...options, vm };
      if (vm !== undefined) await refuseMistyped(vm, cordon);
      if (flags.printPaths) {
        skeleton()?.end();
        process.stdout.write(await (await import('./commands/about.ts')).pathsText());
        return;
      }
      await finish((await import('./commands/workbench.ts')).workbench(flags, streams, process.argv[1]));
      // A request that Azure has not answered must not hold a user who has left.
      if (process.stdout.isTTY) process.stdout.write('', () => process.exit());
    });
}

/** `cordon scan` */
function addScan(cordon: Command): void {
  tagged(exploited(bursts(reading(cordon.command('scan').description('every VM in reach, ranked by suspicion')))))
    .option('--json', 'print cordon.scan/1')
    .option('--full', "with each VM's exposure")
    .option('--case <id>', 'enter what was found into this case')
    .option('--cases <folder>', 'where case files are kept')
    .addOption(failOnOption())
    .action(async (_flags, command: Command) =>
      finish((await import('./commands/scan.ts')).scan(command.optsWithGlobals(), streams)),
    );
}

/** `cordon triage VM` */
function addTriage(cordon: Command): void {
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
    .option('--cases <folder>', 'where case files are kept')
    .addOption(failOnOption())
    .action(async (vm: string, _flags, command: Command) =>
      finish((await import('./commands/triage.ts')).triage(vm, command.optsWithGlobals(), streams)),
    );
}

/** `cordon incident VM` */
function addIncident(cordon: Command): void {
  bursts(reading(cordon.command('incident [vm]').description('what leads from a VM to the next, and to data')))
    .option('--sentinel <incident>', 'the VMs that an incident of Microsoft Sentinel names: its id, GUID or number')
    .option('--json', 'print cordon.incident/1')
    .option('--case <id>', "enter the triage of each VM into this case; today: the VM's case of today")
    .option('--cases <folder>', 'where case files are kept')
    .action(async (vm: string | undefined, _flags, command: Command) =>
      finish((await import('./commands/incident.ts')).incident(vm, command.optsWithGlobals(), streams)),
    );
}

/** `cordon evtx FILE…` */
function addEvtx(cordon: Command): void {
  thresholds(
    cordon
      .command('evtx <file...>')
      .description('the failed logons in exported logs, without Azure: files, folders, patterns and archives'),
  )
    .option('--json', 'print cordon.evtx/1')
    .option('--events', 'print the logon events, one JSON object a line')
    .option('--case <id>', 'enter the files and what they say into this case')
    .option('--cases <folder>', 'where case files are kept')
    .action(async (files: string[], _flags, command: Command) =>
      (command.optsWithGlobals().case === undefined ? print : finish)(
        (await import('./commands/evtx.ts')).evtx(files, command.optsWithGlobals(), streams),
      ),
    );
}

/** `cordon kql QUERY` */
function addKql(cordon: Command): void {
  reading(
    cordon
      .command('kql [query]')
      .description(
        'a KQL query over evidence files, over the logs of a VM, or in a cluster of Azure Data Explorer; @FILE and - read the query; without one, a prompt',
      ),
  )
    .option(
      '--evidence <file...>',
      'event logs, exports (.csv, .json, .jsonl), folders, patterns, .zip, .gz; NAME=FILE names the table',
    )
    .option('--vm <vm>', 'ask Log Analytics about this VM, by name or resource id')
    .option(
      '--cluster <uri>',
      'ask a cluster of Azure Data Explorer, or a Kusto emulator; --evidence is written into it once',
    )
    .option('--database <name>', 'the database of --cluster')
    .option('--yes', 'write the evidence into the cluster without a question')
    .option('--hours <n>', 'how far back Log Analytics is asked', number)
    .option('--now <time>', 'what now() and ago() count from, over evidence and in a cluster')
    .option('--limit <n>', 'maximum rows to print', number)
    .option(
      '--memory <size>',
      'memory that a query over evidence may take: 2G, 512M (default: a quarter of the machine)',
    )
    .option('--json', 'print cordon.kql/1')
    .option('--csv', 'print CSV')
    .option(
      '--out <file>',
      'write the answer to a new file: .csv, .jsonl, .json, .parquet, .xlsx; .svg has the chart of render',
    )
    .option('--case <id>', 'enter the query, the files and the answer into this case')
    .option('--cases <folder>', 'where case files are kept')
    .action(async (query: string | undefined, _flags, command: Command) =>
      (command.optsWithGlobals().case === undefined ? print : finish)(
        (await import('./commands/kql.ts')).kql(query, command.optsWithGlobals(), streams),
      ),
    );
}

/** `cordon detect` */
function addDetect(cordon: Command): void {
  cordon
    .command('detect')
    .description('detection rules (Sigma, and queries in KQL) over evidence files, without Azure')
    .option(
      '--evidence <file...>',
      'event logs, exports (.csv, .json, .jsonl), folders, patterns, .zip, .gz; NAME=FILE names the table',
    )
    .option('--rules <path...>', 'files and folders of rules: Sigma and analytic rules (.yml), queries (.kql)')
    .option('--hits <n>', 'matches of each rule to print', number)
    .option('--show-query', 'print the rules as KQL for Log Analytics, and ask nothing')
    .option('--now <time>', 'what now() and ago() count from')
    .option('--json', 'print cordon.detect/1')
    .option('--markdown', 'print Markdown')
    .option('--case <id>', 'enter the files and what was found into this case')
    .option('--cases <folder>', 'where case files are kept')
    .addOption(failOnOption())
    .action(async (_flags, command: Command) =>
      (command.optsWithGlobals().case === undefined ? print : finish)(
        (await import('./commands/detect.ts')).detect(command.optsWithGlobals(), streams),
      ),
    );
}

/** `cordon run PLAYBOOK` */
function addRun(cordon: Command): void {
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
      new Option('--existing-lock <choice>', 'when another case has locked the VM').choices([
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
    .option('--to <folder>', 'where exported disks go; the folder of the case when left out')
    .option('--close-outbound', 'deny outbound traffic too, but for what the playbook keeps')
    .option('--approve <digest>', 'run only the plan of this digest, as --dry-run prints it; or the file of its JSON')
    .option('--reason <text>', 'why, for the transcript')
    .option('--read-only', 'change nothing in Azure')
    .option('--case <id>', 'continue this case')
    .option('--cases <folder>', 'where case files are kept')
    .option('--json', 'print cordon.plan/1 or cordon.run/1')
    .action(async (playbook: string, vms: string[], _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      const { runOn } = await import('./commands/run-headless.ts');
      await finish(runOn(playbook, [...(flags.vm ? [flags.vm] : []), ...vms], flags, streams, process.argv[1]));
    });
}

/** `cordon undo [CASE]` */
function addUndo(cordon: Command): void {
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
    .option('--cases <folder>', 'where case files are kept')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, _flags, command: Command) =>
      finish((await import('./commands/run-headless.ts')).undoCase(id, command.optsWithGlobals(), streams)),
    );
}

/** `cordon release CASE` */
function addRelease(cordon: Command): void {
  reading(
    cordon
      .command('release <case>')
      .description('at the end of an incident: undo all that the case has in force, and look at what is left'),
  )
    .option('--confirm <name>', "the VM's name: do it; without it what is in force is listed")
    .option('--reason <text>', 'why, for the transcript')
    .option('--cases <folder>', 'where case files are kept')
    .action(async (id: string, _flags, command: Command) =>
      finish((await import('./commands/release.ts')).releaseCase(id, command.optsWithGlobals(), streams)),
    );
}

/** `cordon playbook lint|export` */
function addPlaybook(cordon: Command): void {
  const playbook = cordon.command('playbook').description('playbook files');
  playbook
    .command('export <name>')
    .description('a playbook for other tools')
    .option('--cacao', 'as CACAO Security Playbook 2.0, JSON')
    .action(async (name: string, flags) =>
      print((await import('./commands/playbook-export.ts')).exportPlaybook(name, flags, streams)),
    );
  playbook
    .command('lint <file...>')
    .description('what is wrong in them, each with its place, and orders that lose evidence (exit 1; 2 if unusable)')
    .action(async (files: string[]) =>
      finish((await import('./commands/playbook-lint.ts')).lintPlaybooks(files, streams)),
    );
}

/** `cordon case list|show|verify|anchor|post|export` */
function addCase(cordon: Command): void {
  const cases = cordon.command('case').description('case files');
  const folder = (command: Command) => command.option('--cases <folder>', 'where case files are kept');
  folder(cases.command('list').description('every case, newest first'))
    .option('--json', 'print JSON')
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals();
      await print((await import('./commands/case.ts')).caseList({ ...at(flags), json: flags.json === true }, streams));
    });
  folder(cases.command('show <case>').description('print its transcript'))
    .option('--json', 'print JSON')
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      await finish(
        (await import('./commands/case.ts')).caseShow(id, { ...at(flags), json: flags.json === true }, streams),
      );
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
      const { verifyWithAzure } = await import('./commands/verify-with-azure.ts');
      await finish(verifyWithAzure(id, { ...flags, ...at(flags) }, streams));
    });
  folder(cases.command('anchor <case>').description('have a time-stamping authority sign the head (RFC 3161)'))
    .requiredOption('--tsa <url>', 'the address of the authority; it gets a digest of head and count, nothing else')
    .option('--tsa-ca <file>', 'certificates (PEM) that its certificate must lead to')
    .action(async (id: string, _flags, command: Command) =>
      finish((await import('./commands/case-anchor.ts')).caseAnchor(id, command.optsWithGlobals(), streams)),
    );
  reading(folder(cases.command('post <case>').description('put its summary on an incident, as a comment')))
    .requiredOption('--sentinel <incident>', 'an incident of Microsoft Sentinel: its resource id, GUID or number')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--yes', 'post it')
    .option('--approve <digest>', 'post only what a dry run of this digest showed')
    .option('--reason <text>', 'why, for the transcript')
    .option('--json', 'print cordon.plan/1 or cordon.run/1')
    .action(async (id: string, _flags, command: Command) =>
      finish((await import('./commands/case-post.ts')).casePost(id, command.optsWithGlobals(), streams)),
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
    .option('--out <file>', 'the file to write')
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      await finish(
        (await import('./commands/case.ts')).caseExport(
          id,
          { ...at(flags), format: flags.pdf ? 'pdf' : flags.format, ...(flags.out ? { out: flags.out } : {}) },
          streams,
        ),
      );
    });
}

/** `cordon simulate` */
function addSimulate(cordon: Command): void {
  cordon
    .command('simulate')
    .description('the Azure simulator alone, for other clients')
    .option('--world <file>', 'the world; the built-in incident when absent')
    .option('--port <n>', 'where it listens on the loopback; any free port when absent', (text) => Number(text))
    .addOption(new Option('--latency <kind>', 'how slow its answers are').choices(['none', 'realistic']))
    .option('--faults <file>', 'faults to inject')
    .option('--tls-cert <file>', 'certificate (PEM)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--mutation-log <file>', 'append every change to a file')
    .addOption(
      new Option('--limits <kind>', 'azure: throttle requests at the rates that Azure documents').choices([
        'azure',
        'none',
      ]),
    )
    .option('--token-lifetime <seconds>', 'how long a token lasts', number)
    .action(async (_flags, command: Command) =>
      finish((await import('./commands/simulate.ts')).simulate(command.optsWithGlobals())),
    );
}

/** `cordon doctor` */
function addDoctor(cordon: Command): void {
  reading(cordon.command('doctor').description('what works with this sign-in, and what to ask the customer for'))
    .option('--vm <vm>', 'ask about this VM alone: its resource id, or its name')
    .option('--json', 'print JSON')
    .option('--redact', 'leave out names, ids and addresses, for a report in public')
    .action(async (_flags, command: Command) =>
      finish((await import('./commands/doctor.ts')).doctor(command.optsWithGlobals(), streams)),
    );
}

const schemaNames = [
  'triage',
  'scan',
  'plan',
  'plans',
  'run',
  'runs',
  'transcript',
  'doctor',
  'kql',
  'evtx',
  'conclusion',
  'incident',
];

/** An argument that shells complete; the command itself says what is wrong with another value. */
const oneOf = (name: string, choices: string[]) => Object.assign(new Argument(name), { argChoices: choices });

/** `cordon completion SHELL` */
function addCompletion(cordon: Command): void {
  cordon
    .command('completion')
    .addArgument(oneOf('<shell>', ['bash', 'zsh', 'fish']))
    .description('print the completion script of bash, zsh or fish, to be sourced')
    .action(async (shell: string) => {
      if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') {
        throw new Failure(`completion is made for bash, zsh and fish, not for ${printable(shell, 40)}`);
      }
      process.stdout.write((await import('./commands/completion.ts')).completionText(cordon, shell));
    });
}

/** `cordon man` */
function addMan(cordon: Command): void {
  cordon
    .command('man')
    .description('the manual page: cordon man | man -l -')
    .action(async () => {
      process.stdout.write((await import('./commands/about.ts')).manText(cordon));
    });
}

/** `cordon schema NAME` */
function addSchema(cordon: Command): void {
  cordon
    .command('schema')
    .addArgument(oneOf('<name>', schemaNames))
    .description(`the JSON Schema of a document: ${schemaNames.join(', ')}`)
    .action(async (name: string) => print((await import('./commands/schema.ts')).schema(name, process.stdout)));
}

function program(): Command {
  const cordon = new Command('cordon')
    .description('A terminal workbench for the first hours of an incident on an Azure virtual machine.')
    .version(version, '-V, --version', 'the version, with Node, the commit and Microsoft’s clients')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        skeleton()?.end();
        process.stdout.write(text);
      },
      writeErr: (text) => {
        skeleton()?.end();
        process.stderr.write(text);
      },
      // As every other message of this program begins.
      outputError: (text, write) => write(text.replace(/^error: /, 'cordon: ')),
    })
    .helpCommand('help [command]', 'the options of a command')
    .hook('preAction', (_, command) => {
      if (command !== cordon) skeleton()?.end();
    })
    .showHelpAfterError(false);
  cordon.addHelpText(
    'after',
    '\nExit codes: 0 done · 1 findings at or above --fail-on, or not known · 2 wrong usage · 3 not signed in or not permitted ·\n' +
      '4 a step failed and was undone · 5 a step failed and needs attention · 6 a case file does not verify',
  );
  addWorkbench(cordon);
  addScan(cordon);
  addTriage(cordon);
  addIncident(cordon);
  addEvtx(cordon);
  addKql(cordon);
  addDetect(cordon);
  addRun(cordon);
  addUndo(cordon);
  addRelease(cordon);
  addPlaybook(cordon);
  addCase(cordon);
  addSimulate(cordon);
  addDoctor(cordon);
  addCompletion(cordon);
  addMan(cordon);
  addSchema(cordon);
  return cordon;
}

/** A prefix no wider than a /24 (IPv4) or a /64 (IPv6). */
const allowText =
  'the public address you come from, which stays allowed when a VM is locked; at most a /24, or a /64 of IPv6';

const wayInOption = () =>
  new Option(
    '--way-in <choice>',
    'required: refuse a lock that shuts you out; told: lock the VM nevertheless, with a warning',
  ).choices(['required', 'told']);

const failOnOption = () =>
  new Option(
    '--fail-on <severity>',
    'exit 1 for a finding at or above it, and where something not known could be one',
  ).choices(['critical', 'high', 'medium', 'low']);

function at(flags: { cases?: string }): { root?: string } {
  return flags.cases ? { root: flags.cases } : {};
}

/**
 * What is written to a reader that is gone (`| head`, a closed terminal) is lost, and nothing else: a command that
 * changes Azure, or whose exit code says what it found, goes on to its end. What only prints can end at once.
 */
const goneReader = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EBADF']);
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!goneReader.has(error.code ?? '')) throw error;
    if (stream === process.stdout && printsOnly) process.exit(exitCode.done);
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
    await program().parseAsync();
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
