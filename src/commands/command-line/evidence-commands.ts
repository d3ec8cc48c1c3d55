import { type Command, Option } from 'commander';
import { finish, print, streams } from './ending.ts';
import { casesOption, evidenceOption, failOnOption, number, reading, thresholds } from './options.ts';

/** `cordon evtx FILE…` */
export function addEvtx(cordon: Command): void {
  thresholds(
    cordon
      .command('evtx <file...>')
      .description('the failed logons in exported logs, without Azure: files, folders, patterns and archives'),
  )
    .option('--json', 'print cordon.evtx/1')
    .option('--events', 'print the logon events, one JSON object a line')
    .option('--case <id>', 'enter the files and what they say into this case')
    .addOption(casesOption())
    .action(async (files: string[], _flags, command: Command) =>
      (command.optsWithGlobals().case === undefined ? print : finish)(
        (await import('../evtx.ts')).evtx(files, command.optsWithGlobals(), streams),
      ),
    );
}

/** `cordon kql QUERY` */
export function addKql(cordon: Command): void {
  reading(
    cordon
      .command('kql [query]')
      .description(
        'a KQL query over evidence files, the logs of a VM, or in a cluster; @FILE and - read the query; without one, a prompt',
      ),
  )
    .addOption(evidenceOption())
    .option('--vm <vm>', 'ask Log Analytics about this VM, by name or resource id')
    .option(
      '--cluster <uri>',
      'ask a cluster of Azure Data Explorer, or a Kusto emulator here; --evidence is written into it, once',
    )
    .option('--database <name>', 'the database of --cluster')
    .addOption(
      new Option(
        '--ingestion <way>',
        'how evidence goes into the cluster: inline, by its own command, or queued, by its ingestion service (default: by size)',
      ).choices(['inline', 'queued']),
    )
    .option('--yes', 'write the evidence into the cluster without a question')
    .option('--hours <n>', 'how far back Log Analytics is asked (default: 24)', number)
    .option('--now <time>', 'what now() and ago() count from, over evidence and in a cluster (default: the present)')
    .option('--part <n>', 'which query to ask of a text that holds several, divided by empty lines', number)
    .option('--limit <n>', 'maximum rows to print (default: 1000), or to write (default: 1000000)', number)
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
    .addOption(casesOption())
    .action(async (query: string | undefined, _flags, command: Command) => {
      const flags = command.optsWithGlobals();
      const printsOnly = flags.case === undefined && flags.cluster === undefined;
      return (printsOnly ? print : finish)((await import('../kql.ts')).kql(query, flags, streams));
    });
}

/** `cordon detect` */
export function addDetect(cordon: Command): void {
  cordon
    .command('detect')
    .description('detection rules (Sigma, and queries in KQL) over evidence files, without Azure')
    .addOption(evidenceOption())
    .option('--sigma, --rules <path...>', 'files and folders of rules: Sigma and analytic rules (.yml), queries (.kql)')
    .option('--placeholders <file>', 'values for placeholders of Sigma rules (|expand): a map in YAML')
    .option('--hits <n>', 'matches of each rule to print (default: 0)', number)
    .option('--show-query', 'print the rules as KQL for Log Analytics, and ask nothing')
    .option('--now <time>', 'what now() and ago() count from (default: the present)')
    .option('--json', 'print cordon.detect/1')
    .option('--markdown', 'print Markdown')
    .option('--out <file>', 'write every match to a new file: .csv, .jsonl, .parquet, .xlsx')
    .option('--case <id>', 'enter the files and what was found into this case')
    .addOption(casesOption())
    .addOption(failOnOption())
    .action(async (_flags, command: Command) =>
      (command.optsWithGlobals().case === undefined ? print : finish)(
        (await import('../detect.ts')).detect(command.optsWithGlobals(), streams),
      ),
    );
}
