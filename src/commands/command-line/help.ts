import type { Command, Help, Option } from 'commander';
import { type ExitCode, exitCode } from '../../failure.ts';
import { said } from './examples.ts';
import { own } from './options.ts';

/** Options by the heading of their group, those that only their command has first. */
export function optionGroups(options: readonly Option[]): [heading: string, options: Option[]][] {
  return [...Map.groupBy(options, (one) => one.helpGroupHeading ?? own)].sort(
    ([one], [other]) => Number(other === own) - Number(one === own),
  );
}

/** The help of a command: what can be called comes first, then its own options, then those that others have too. */
export function formatHelp(command: Command, helper: Help): string {
  const width = helper.padWidth(command, helper);
  const list = (heading: string, items: readonly (readonly [string, string])[]) =>
    items.length === 0
      ? []
      : [heading, ...items.map(([term, text]) => helper.formatItem(term, width, text, helper)), ''];
  const commands = Map.groupBy(helper.visibleCommands(command), (one) => one.helpGroup() || 'Commands:');
  const lines = [
    `Usage: ${helper.commandUsage(command)}`,
    '',
    helper.boxWrap(helper.commandDescription(command), helper.helpWidth ?? 80),
    '',
    ...list(
      'Arguments:',
      helper.visibleArguments(command).map((one) => [helper.argumentTerm(one), helper.argumentDescription(one)]),
    ),
    ...[...commands].flatMap(([heading, all]) =>
      list(
        heading,
        all.map((one) => [helper.subcommandTerm(one), helper.subcommandDescription(one)]),
      ),
    ),
    ...optionGroups(helper.visibleOptions(command)).flatMap(([heading, all]) =>
      list(
        heading,
        all.map((one) => [helper.optionTerm(one), helper.optionDescription(one)]),
      ),
    ),
  ];
  return lines.join('\n');
}

/** The words after "cordon" that call a command; "" for cordon itself. */
export function pathOf(command: Command): string {
  const { parent } = command;
  return parent ? `${pathOf(parent)} ${command.name()}`.trim() : '';
}

const meanings: Record<ExitCode, string> = {
  [exitCode.done]: 'done',
  [exitCode.findings]: 'a finding at or above --fail-on, or something not known that could be one',
  [exitCode.usage]: 'wrong usage',
  [exitCode.notPermitted]: 'not signed in, or not permitted',
  [exitCode.undone]: 'a step failed and was undone',
  [exitCode.needsAttention]: 'something failed and needs attention',
  [exitCode.notVerified]: 'a case file does not verify',
};

/** The exit codes of a command with their meanings, lowest first; of cordon itself all that there are. */
export function exitCodesOf(path: string): [ExitCode, string][] {
  const { codes = {} } = said.get(path) ?? {};
  return Object.values(exitCode).flatMap((code): [ExitCode, string][] => {
    const meaning = codes[code];
    if (path !== '' && code !== exitCode.done && code !== exitCode.usage && meaning === undefined) return [];
    return [[code, typeof meaning === 'string' ? meaning : meanings[code]]];
  });
}

/** Examples and exit codes, which end the help of a command. */
function endOf(command: Command): string {
  const path = pathOf(command);
  const { examples = [] } = said.get(path) ?? {};
  if (examples.length === 0) return '';
  const widest = Math.max(...examples.map(([line]) => line.length));
  const fits = examples.every(([, what]) => widest + what.length + 4 <= 80);
  return [
    '\nExamples:',
    ...examples.map(([line, what]) => (fits ? `  ${line.padEnd(widest)}  ${what}` : `  ${line}\n      ${what}`)),
    '\nExit codes:',
    ...exitCodesOf(path).map(([code, meaning]) => `  ${code}  ${meaning}`),
  ].join('\n');
}

/** Ends the help of the command, and of each below it, with examples and exit codes. */
export function addEnds(command: Command): void {
  command.addHelpText('after', () => endOf(command));
  for (const one of command.commands) addEnds(one);
}
