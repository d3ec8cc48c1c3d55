import { type Command, InvalidArgumentError, Option } from 'commander';

/** The group of the options that only their command has. */
export const own = 'Options:';

/** The options that every command which reads Azure takes. */
export function reading(command: Command): Command {
  return command
    .optionsGroup('Azure and sign-in:')
    .option('--subscription <name...>', 'only these subscriptions, by name or id (default: all in reach)')
    .option('--tenant <id>', 'the tenant to sign in to (default: that of the sign-in)')
    .addOption(
      new Option(
        '--auth <method>',
        'how to sign in (default: a person’s sign-in before the computer’s identity)',
      ).choices(['default', 'cli', 'device-code', 'browser', 'managed-identity', 'environment']),
    )
    .addOption(
      new Option('--cloud <name>', 'the Azure cloud (default: public)').choices(['public', 'usgov', 'china', 'custom']),
    )
    .option('--endpoint <url>', 'Azure Resource Manager of a custom cloud')
    .option('--authority <url>', 'Entra ID of a custom cloud')
    .option('--audience <uri>', 'what tokens of a custom cloud are for (default: its endpoint)')
    .option('--logs-endpoint <url>', 'Log Analytics of a custom cloud')
    .option(
      '--timeout <seconds>',
      'how long Azure may take for one request (default: 60; a log query 150, a change 120)',
      number,
    )
    .option('--traffic <file>', 'append every exchange with Azure to a file, without credentials')
    .option('--debug <file>', 'append the log of the Azure SDK to a file, without credentials')
    .optionsGroup('Simulator in place of Azure:')
    .option('--demo', 'use the built-in Azure simulator and its incident')
    .option('--world <file>', 'use another world in the simulator')
    .addOption(
      new Option('--latency <kind>', 'how slow the simulator is (default: none)').choices(['none', 'realistic']),
    )
    .option('--faults <file>', 'faults that the simulator injects')
    .option('--simulator <url>', 'connect to a running cordon simulate')
    .optionsGroup(own);
}

export function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It takes a positive number.');
  return value;
}

/** What makes a burst. */
export function thresholds(command: Command): Command {
  return command
    .option('--failures <n>', 'failures within the window that make a burst (default: 10)', number)
    .option('--window <minutes>', 'length of that window (default: 5)', number);
}

/** The options that every command which looks for failed logons takes. */
export function bursts(command: Command): Command {
  return thresholds(command.option('--hours <n>', 'how far back to look for failed logons (default: 24)', number));
}

/** The option of every command that marks what is known to be exploited. */
export function exploited(command: Command): Command {
  return command.option('--kev <file>', 'CISA’s known_exploited_vulnerabilities.json, to mark what is exploited');
}

/** The option of every command that evaluates exposure. */
export function tagged(command: Command): Command {
  return command.option(
    '--service-tags <file>',
    'Microsoft’s ServiceTags_Public_<date>.json, for the addresses behind tags such as AzureCloud',
  );
}

/** The option of every command that keeps cases, or reads them. */
export const casesOption = () =>
  new Option('--cases <folder>', 'where case files are kept (default: as cordon --print-paths says)');

/** The option of every command that asks evidence files by their tables. */
export const evidenceOption = () =>
  new Option(
    '--evidence <file...>',
    'event logs, exports (.csv, .tsv, .json, .jsonl), folders, patterns, .zip, .tar, .gz, .zst; NAME=FILE names the table',
  );

/** A prefix no wider than a /24 (IPv4) or a /64 (IPv6). */
export const allowText =
  'the public address you come from, which stays allowed when a VM is locked; at most a /24, or a /64 of IPv6';

export const wayInOption = () =>
  new Option(
    '--way-in <choice>',
    'required: refuse a lock that shuts you out; told: lock the VM nevertheless, with a warning (default: as the playbook says)',
  ).choices(['required', 'told']);

export const failOnOption = () =>
  new Option(
    '--fail-on <severity>',
    'exit 1 for a finding at or above it, and where something not known could be one',
  ).choices(['critical', 'high', 'medium', 'low']);
