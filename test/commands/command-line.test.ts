import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { manText } from '../../src/commands/about.ts';
import { pathOf } from '../../src/commands/command-line/help.ts';
import { cordonProgram } from '../../src/commands/command-line/program.ts';
import { defaultThresholds } from '../../src/triage/logons/bursts.ts';

const commandsOf = (command: Command): Command[] => command.commands.flatMap((one) => [one, ...commandsOf(one)]);
const all = [cordonProgram(), ...commandsOf(cordonProgram())];

/** The help of a command as it is printed, 80 columns wide. */
function helpOf(path: string): string {
  const cordon = cordonProgram();
  const command = [cordon, ...commandsOf(cordon)].find((one) => pathOf(one) === path);
  let text = '';
  command?.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command?.outputHelp();
  return text;
}

/** The lines under a heading. */
const under = (text: string, heading: string): string[] =>
  (text.split(`${heading}\n`)[1] ?? '').split('\n\n')[0]?.split('\n') ?? [];

/** A line as a shell splits it, up to a pipe or a redirection. */
const words = (line: string): string[] =>
  [...line.replace(/ [|>] .*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

/** The path of the command that a line calls. Throws what is wrong with the line. */
async function called(line: string): Promise<string | undefined> {
  const cordon = cordonProgram();
  let found: string | undefined;
  for (const command of [cordon, ...commandsOf(cordon)]) {
    command.action(() => {
      found = pathOf(command);
    });
    command.configureOutput({ writeErr: () => undefined });
  }
  await cordon.parseAsync(words(line).slice(1), { from: 'user' });
  return found;
}

const leaves = all.filter(({ commands }) => commands.length === 0).map(pathOf);

describe('the help of the commands', () => {
  test('cordon names what can be called before the options, and its own options before those of Azure', () => {
    const text = helpOf('');
    const at = ['Arguments:', 'Look at VMs in Azure:', 'Other:', '\nOptions:', 'Azure and sign-in:', 'Examples:'].map(
      (heading) => text.indexOf(heading),
    );
    expect(at).not.toContain(-1);
    expect(at).toEqual([...at].sort((one, other) => one - other));
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test.each(['', ...leaves])('"cordon %s" has examples, each of which is a line that it takes', async (path) => {
    const lines = under(helpOf(path), 'Examples:').flatMap(
      (line) => /^ {2}(cordon\b.*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? [],
    );
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) await expect(called(line), line).resolves.toBe(path);
  });

  test('a line with an option that is not there is told from one that is taken', async () => {
    await expect(called('cordon scan --no-such')).rejects.toBeInstanceOf(CommanderError);
  });

  test('each has its exit codes, 0 and 2 among them', () => {
    for (const path of leaves) {
      const codes = under(helpOf(path), 'Exit codes:').map((line) => /^ {2}(\d) {2}\w/.exec(line)?.[1]);
      expect(codes.slice(0, 1), path).toEqual(['0']);
      expect(codes, path).toContain('2');
    }
    expect(under(helpOf('triage'), 'Exit codes:').join('\n')).toContain('1  a finding at or above --fail-on');
    expect(under(helpOf('case show'), 'Exit codes:').join('\n')).not.toContain('--fail-on');
  });

  test('defaults are those that hold', () => {
    const text = helpOf('triage').replace(/\s+/g, ' ');
    expect(text).toContain(`make a burst (default: ${defaultThresholds.failures})`);
    expect(text).toContain(`length of that window (default: ${defaultThresholds.windowSeconds / 60})`);
  });
});

test('the manual has the options of every command, those of Azure once, and the exit codes', () => {
  const page = manText(cordonProgram());
  expect(page.match(/\.B \\-\\-subscription /g)).toHaveLength(1);
  expect(page).toContain('.SS cordon case verify');
  expect(page).toContain('.B \\-\\-tsa\\-ca <file>');
  expect(page).toMatch(/\.SH EXIT STATUS[\s\S]*\.B 6\na case file does not verify/);
});

test.each(['--sigma', '--rules'])('"detect" takes its rules by %s', async (flag) => {
  const cordon = cordonProgram();
  let rules: unknown;
  const detect = cordon.commands.find((one) => one.name() === 'detect');
  detect?.action((flags: { rules?: string[] }) => {
    rules = flags.rules;
  });
  await cordon.parseAsync(['detect', flag, 'a.yml', 'windows/', '--evidence', 'b.evtx'], { from: 'user' });
  expect(rules).toEqual(['a.yml', 'windows/']);
});
