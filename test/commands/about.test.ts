import { Command } from 'commander';
import { expect, test } from 'vitest';
import { completionText, manText, versionText } from '../../src/commands/about.ts';
import { version } from '../../src/version.ts';

function program(): Command {
  const cordon = new Command('cordon').description('A workbench.').option('--demo', "the simulator's incident");
  cordon.command('triage <vm>').description('three questions').option('--json', 'print JSON');
  return cordon;
}

test.each(['bash', 'zsh', 'fish'] as const)('%s completes the commands and options of the program', (shell) => {
  const text = completionText(program(), shell);
  for (const word of ['triage', shell === 'fish' ? '-l json' : '--json', shell === 'fish' ? '-l demo' : '--demo']) {
    expect(text).toContain(word);
  }
  expect(text).not.toContain('undefined');
});

test('the manual page has every option, with its hyphens kept', () => {
  const page = manText(program());
  expect(page).toContain('.B \\-\\-demo');
  expect(page).toContain('.SS cordon triage');
});

test('the version comes first, then what a report of a defect needs', () => {
  const [first, second] = versionText().split('\n');
  expect(first).toBe(version);
  expect(second).toContain(`Node ${process.versions.node}`);
});
