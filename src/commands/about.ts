import type { Command } from 'commander';
import envPaths from 'env-paths';
import { defaultCaseRoot } from '../casefile/case-store.ts';
import { playbookFolders } from '../playbook/playbook-file.ts';
import { version } from '../version.ts';
import { said } from './command-line/examples.ts';
import { exitCodesOf, optionGroups } from './command-line/help.ts';
import { own } from './command-line/options.ts';
import { settingsFile } from './settings.ts';

declare const __CORDON_BUILT__: { commit: string; sdk: Record<string, string> } | undefined;

/** The version, and what a report of a defect needs beside it: Node, the commit, Microsoft's clients. */
export function versionText(): string {
  const built = typeof __CORDON_BUILT__ === 'object' ? __CORDON_BUILT__ : { commit: '', sdk: {} };
  const sdk = Object.entries(built.sdk).map(([name, number]) => `${name} ${number}`);
  const parts = [`Node ${process.versions.node}`, `${process.platform} ${process.arch}`];
  if (built.commit !== '') parts.push(`commit ${built.commit}`);
  return [version, parts.join(' · '), ...sdk].join('\n');
}

/** Where cordon keeps and looks for what, one a line. */
export async function pathsText(): Promise<string> {
  const folders = await playbookFolders();
  const lines = [
    ['cases', defaultCaseRoot()],
    ['settings', settingsFile()],
    ...Object.values(folders).flatMap((folder) => (typeof folder === 'string' ? [['playbooks', folder]] : [])),
    ['cache', envPaths('cordon', { suffix: '' }).cache],
  ];
  return `${lines.map(([name = '', path]) => `${name.padEnd(10)} ${path}`).join('\n')}\n`;
}

interface Named {
  name: string;
  about: string;
}

const commandsOf = (command: Command): Command[] => command.commands.filter((one) => one.name() !== 'help');

/** The options of a command by the heading of their group, its own first. */
function optionsOf(command: Command): [string, Named[]][] {
  return optionGroups(command.options).map(([heading, options]) => [
    heading,
    options.map(({ flags, description, argChoices }) => ({
      name: flags.replace(/^-\w, /, ''),
      about: argChoices ? `${description}: ${argChoices.join(', ')}` : description,
    })),
  ]);
}

/** The manual page, in roff, made from the program itself. What commands share with cordon itself is there once. */
export function manText(program: Command): string {
  const safe = (text: string) => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/gm, '\\&$&');
  const listed = (named: readonly Named[]) =>
    named.flatMap(({ name, about }) => ['.TP', `.B ${safe(name)}`, safe(about)]);
  const examples = (path: string) =>
    (said.get(path)?.examples ?? []).flatMap(([line, what]) => ['.PP', safe(`${what}:`), '.RS', safe(line), '.RE']);
  const shared = new Set(optionsOf(program).flatMap(([heading]) => (heading === own ? [] : [heading])));
  const section = (command: Command, path: string): string[] => {
    const groups = optionsOf(command);
    const also = groups.flatMap(([heading]) => (shared.has(heading) ? [heading.replace(/:$/, '')] : []));
    return [
      `.SS ${safe(`cordon ${path} ${command.usage()}`)}`,
      safe(command.description()),
      ...groups.flatMap(([heading, options]) => (shared.has(heading) ? [] : listed(options))),
      ...(also.length === 0 ? [] : ['.PP', safe(`And the options above under: ${also.join('; ')}.`)]),
      ...examples(path),
      ...commandsOf(command).flatMap((one) => section(one, `${path} ${one.name()}`)),
    ];
  };
  return [
    `.TH CORDON 1 "" "cordon ${version}" "User Commands"`,
    '.SH NAME',
    `cordon \\- ${safe(program.description())}`,
    '.SH SYNOPSIS',
    '.B cordon',
    '[options] [command] [vm]',
    '.SH OPTIONS',
    ...optionsOf(program).flatMap(([heading, options]) => [
      ...(heading === own ? [] : [`.SS ${safe(heading.replace(/:$/, ''))}`]),
      ...listed(options),
    ]),
    '.SH EXAMPLES',
    ...examples(''),
    '.SH COMMANDS',
    ...commandsOf(program).flatMap((one) => section(one, one.name())),
    '.SH EXIT STATUS',
    ...listed(exitCodesOf('').map(([code, meaning]) => ({ name: String(code), about: meaning }))),
    '.SH FILES',
    'cordon \\-\\-print\\-paths names them.',
    '',
  ].join('\n');
}
