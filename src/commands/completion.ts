import type { Command, Option } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

/** What can follow a command: names (of commands, of an argument's choices), and options. */
interface Offered {
  /** "case verify"; "" for cordon itself. */
  path: string;
  names: readonly { name: string; about: string }[];
  options: readonly Option[];
}

const commandsOf = (command: Command): Command[] => command.commands.filter((one) => one.name() !== 'help');
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** A variable as a shell expands it. */
const inShell = (name: string) => `\${${name}}`;

function offered(command: Command, path: string): Offered[] {
  const inner = commandsOf(command);
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [
    {
      path,
      names: [
        ...inner.map((one) => ({ name: one.name(), about: one.description() })),
        ...choices.map((name) => ({ name, about: '' })),
      ],
      options: command.options,
    },
    ...inner.flatMap((one) => offered(one, `${path} ${one.name()}`.trim())),
  ];
}

const nameOf = ({ long, short }: Option) => long ?? short ?? '';

/** The values of each option that has a choice of them. */
function choicesOf(all: readonly Offered[]): Map<string, readonly string[]> {
  const options = all.flatMap((one) => one.options);
  return new Map(options.flatMap((one) => (one.argChoices ? [[nameOf(one), one.argChoices] as const] : [])));
}

function fish(all: readonly Offered[]): string {
  const [root, ...others] = all;
  const of = ({ path, names }: Offered) => {
    const [first = '', second] = path.split(' ');
    const seen = `__fish_seen_subcommand_from ${second ?? first}`;
    const within = second === undefined ? '' : `__fish_seen_subcommand_from ${first}; and `;
    const more =
      names.length === 0 ? '' : `; and not __fish_seen_subcommand_from ${names.map(({ name }) => name).join(' ')}`;
    return path === ''
      ? { named: '__fish_use_subcommand', optional: '__fish_use_subcommand' }
      : { named: `${within}${seen}${more}`, optional: `${within}${seen}` };
  };
  const lines = [root, ...others].flatMap((one) => {
    if (!one) return [];
    const { named, optional } = of(one);
    return [
      ...one.names.map(
        ({ name, about }) =>
          `complete -c cordon -n ${quoted(named)} -f -a ${name}${about === '' ? '' : ` -d ${quoted(about)}`}`,
      ),
      ...one.options.map((option) => {
        const value = option.argChoices
          ? ` -x -a ${quoted(option.argChoices.join(' '))}`
          : option.required || option.optional
            ? ' -r'
            : '';
        const name = nameOf(option).replace(/^--/, '');
        return `complete -c cordon -n ${quoted(optional)} -l ${name}${value} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

/** The lists for the word that is completed, by the word before it and by the first two after "cordon". */
function lists(all: readonly Offered[], word: { before: string; first: string; second: string }): string[] {
  const [root, ...others] = all;
  const row = (pattern: string, { names, options }: Pick<Offered, 'names' | 'options'>) =>
    `    ${pattern}) names="${names.map(({ name }) => name).join(' ')}"; options="${options.map(nameOf).join(' ')}" ;;`;
  // Of two paths the longer one is meant.
  const deepest = others.toSorted((one, other) => other.path.split(' ').length - one.path.split(' ').length);
  return [
    '  local names="" options="" values=""',
    `  case "${inShell(word.before)}" in`,
    ...[...choicesOf(all)].map(([name, values]) => `    ${name}) values="${values.join(' ')}" ;;`),
    '  esac',
    `  case "${inShell(word.first)} ${inShell(word.second)}" in`,
    ...deepest.map((one) => row(one.path.includes(' ') ? `"${one.path}"` : `"${one.path} "*`, one)),
    ...(root ? [row('*', root)] : []),
    '  esac',
  ];
}

/** Options are offered for what begins as one; files where nothing else fits. */
const chosen = (word: string) => [
  `  if [[ -n "$values" ]]; then names="$values"; elif [[ "${inShell(word)}" == -* ]]; then names="$options"; fi`,
];

function zsh(all: readonly Offered[]): string {
  return [
    '#compdef cordon',
    '_cordon() {',
    ...lists(all, { before: 'words[CURRENT-1]', first: 'words[2]', second: 'words[3]' }),
    ...chosen('words[CURRENT]'),
    `  compadd -- ${inShell('=names')} || _files`,
    '}',
    '# In a folder of $fpath this file is the function; sourced, it registers it.',
    'if [[ "$funcstack[1]" == _cordon ]]; then _cordon "$@"; else compdef _cordon cordon; fi',
    '',
  ].join('\n');
}

function bash(all: readonly Offered[]): string {
  return [
    '_cordon() {',
    ...lists(all, { before: 'COMP_WORDS[COMP_CWORD-1]', first: 'COMP_WORDS[1]', second: 'COMP_WORDS[2]:-' }),
    ...chosen('COMP_WORDS[COMP_CWORD]'),
    `  COMPREPLY=($(compgen -W "$names" -- "${inShell('COMP_WORDS[COMP_CWORD]')}"))`,
    '}',
    'complete -o default -F _cordon cordon',
    '',
  ].join('\n');
}

/** What a shell needs to complete cordon's commands, their options and the values of these, made from the program. */
export function completionText(program: Command, shell: Shell): string {
  const all = offered(program, '');
  return { bash, zsh, fish }[shell](all);
}
