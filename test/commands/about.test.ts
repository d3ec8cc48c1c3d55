import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { manText, versionText } from '../../src/commands/about.ts';
import { completionText } from '../../src/commands/completion.ts';
import { version } from '../../src/version.ts';

function program(): Command {
  const cordon = new Command('cordon').description('A workbench.').option('--demo', "the simulator's incident");
  cordon
    .command('triage <vm>')
    .description('three questions')
    .option('--json', 'print JSON')
    .addOption(new Option('--latency <kind>', 'how slow').choices(['none', 'realistic']));
  const cases = cordon.command('case').description('case files');
  cases.command('verify <case>').description('verify it').option('--head <hash>', 'its head');
  cordon.command('schema').addArgument(new Argument('<name>').choices(['run', 'scan']));
  return cordon;
}

test.each(['bash', 'zsh', 'fish'] as const)('%s completes the commands and options of the program', (shell) => {
  const text = completionText(program(), shell);
  for (const word of ['triage', shell === 'fish' ? '-l json' : '--json', shell === 'fish' ? '-l demo' : '--demo']) {
    expect(text).toContain(word);
  }
  expect(text).not.toContain('undefined');
});

/** What bash offers for the last of these words; null where there is no bash to ask. */
function offeredByBash(...words: string[]): string[] | null {
  const quoted = words.map((word) => `"${word}"`).join(' ');
  const script = `${completionText(program(), 'bash')}\nCOMP_WORDS=(cordon ${quoted}); COMP_CWORD=${words.length}; _cordon; echo "\${COMPREPLY[@]}"`;
  const { status, stdout } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\s+/).filter(Boolean) : null;
}

test.runIf(offeredByBash('tri') !== null)('bash completes commands, options, and the values of both', () => {
  expect(offeredByBash('tri')).toEqual(['triage']);
  expect(offeredByBash('triage', '--')).toEqual(['--json', '--latency']);
  expect(offeredByBash('triage', 'web01', '--latency', '')).toEqual(['none', 'realistic']);
  expect(offeredByBash('case', 'v')).toEqual(['verify']);
  expect(offeredByBash('case', 'verify', '--')).toEqual(['--head']);
  expect(offeredByBash('schema', '')).toEqual(['run', 'scan']);
  // Where files are meant, names of options are in the way.
  expect(offeredByBash('triage', '')).toEqual([]);
});

test('sourced, the function of zsh registers itself and does not run', () => {
  const text = completionText(program(), 'zsh');
  expect(text).toContain('compdef _cordon cordon');
  expect(text).not.toMatch(/local[^\n]* words\b/);
});

test('the manual page has every option, with its hyphens kept', () => {
  const page = manText(program());
  expect(page).toContain('.B \\-\\-demo');
  expect(page).toContain('.SS cordon triage');
  expect(page).toContain('.SS cordon case verify');
  expect(page).toContain('.B \\-\\-latency <kind>');
});

test('the version comes first, then what a report of a defect needs', () => {
  const [first, second] = versionText().split('\n');
  expect(first).toBe(version);
  expect(second).toContain(`Node ${process.versions.node}`);
});
