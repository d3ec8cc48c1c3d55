import type { Command } from 'commander';
import envPaths from 'env-paths';
import { defaultCaseRoot } from '../casefile/case-store.ts';
import { playbookFolders } from '../playbook/playbook-file.ts';
import { version } from '../version.ts';
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

const optionsOf = (command: Command): Named[] =>
  command.options.map(({ long, short, description }) => ({ name: long ?? short ?? '', about: description }));
const commandsOf = (command: Command): Command[] => command.commands.filter((one) => one.name() !== 'help');
/** A variable as a shell expands it. */
const inShell = (name: string) => `\${${name}}`;
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What a shell needs to complete cordon's commands and options, made from the program itself. */
export function completionText(program: Command, shell: 'bash' | 'zsh' | 'fish'): string {
  const commands = commandsOf(program);
  const words = (command: Command) => optionsOf(command).map(({ name }) => name);
  if (shell === 'fish') {
    const lines = [
      ...commands.map(
        (one) => `complete -c cordon -n __fish_use_subcommand -a ${one.name()} -d ${quoted(one.description())}`,
      ),
      ...[program, ...commands].flatMap((command) =>
        optionsOf(command).map(({ name, about }) => {
          const where =
            command === program ? '__fish_use_subcommand' : `"__fish_seen_subcommand_from ${command.name()}"`;
          return `complete -c cordon -n ${where} -l ${name.replace(/^--/, '')} -d ${quoted(about)}`;
        }),
      ),
    ];
    return `${lines.join('\n')}\n`;
  }
  const cases = commands.map((one) => `    ${one.name()}) words="${words(one).join(' ')}" ;;`).join('\n');
  const body = [
    '  local words',
    `  case "${inShell('1:-')}" in`,
    cases,
    `    *) words="${[...commands.map((one) => one.name()), ...words(program)].join(' ')}" ;;`,
    '  esac',
  ];
  if (shell === 'zsh') {
    return [
      '#compdef cordon',
      '_cordon() {',
      ...body,
      `  compadd -- ${inShell('=words')}`,
      '  _files',
      '}',
      `_cordon "${inShell('words[2]')}"`,
      '',
    ].join('\n');
  }
  return [
    '_cordon() {',
    ...body.map((text) => text.replace(inShell('1:-'), inShell('COMP_WORDS[1]:-'))),
    `  COMPREPLY=($(compgen -W "$words" -- "${inShell('COMP_WORDS[COMP_CWORD]')}"))`,
    '}',
    'complete -o default -F _cordon cordon',
    '',
  ].join('\n');
}

/** The manual page, in roff, made from the program itself. */
export function manText(program: Command): string {
  const safe = (text: string) => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/gm, '\\&$&');
  const listed = (named: readonly Named[]) =>
    named.flatMap(({ name, about }) => ['.TP', `.B ${safe(name)}`, safe(about)]);
  return [
    `.TH CORDON 1 "" "cordon ${version}" "User Commands"`,
    '.SH NAME',
    `cordon \\- ${safe(program.description())}`,
    '.SH SYNOPSIS',
    '.B cordon',
    '[options] [command]',
    '.SH OPTIONS',
    ...listed(optionsOf(program)),
    '.SH COMMANDS',
    ...commandsOf(program).flatMap((one) => [
      `.SS ${safe(`cordon ${one.name()} ${one.usage()}`)}`,
      safe(one.description()),
      ...listed(optionsOf(one)),
    ]),
    '.SH FILES',
    'cordon \\-\\-print\\-paths names them.',
    '',
  ].join('\n');
}
