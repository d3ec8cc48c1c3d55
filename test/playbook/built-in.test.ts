import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import { connect } from '../../src/azure/client/connection.ts';
import { playbookJsonSchema } from '../../src/playbook/playbook.ts';
import { loadPlaybooks, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { rules } from '../../src/triage/findings.ts';

const actions = createActions(connect());

describe('the built-in playbooks', () => {
  it('are read with the actions that there are', async () => {
    const folders = await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere/at/all' });
    const shelf = await loadPlaybooks(folders, actions);
    expect(shelf.problems).toEqual([]);
    const files = (await readdir(folders.builtIn)).filter((file) => file.endsWith('.yaml'));
    expect(shelf.playbooks.map(({ playbook }) => `${playbook.name}.yaml`)).toEqual(files.sort());
    expect(shelf.playbooks.every((one) => one.builtIn)).toBe(true);
  });

  it('contain in the order of volatility: what was collected, snapshot, backup, lock', async () => {
    const shelf = await loadPlaybooks(await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }), actions);
    const book = shelf.playbooks.find((one) => one.playbook.name === 'contain-brute-force')?.playbook;
    const kinds = book?.steps.map((step) => step.uses ?? step.check ?? (step.ask ? 'ask' : 'note'));
    expect(kinds).toEqual(['ask', 'disks.snapshot', 'backup.trigger', 'nsg.lock', 'network.check', 'note']);
  });

  it('exist for every finding that names one, and answer only findings that there are', async () => {
    const shelf = await loadPlaybooks(await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }), actions);
    const names = new Set(['', ...shelf.playbooks.map((one) => one.playbook.name)]);
    const ids = new Set(rules.map(({ id }) => id));
    expect(rules.filter(({ playbook }) => !names.has(playbook)).map(({ id }) => id)).toEqual([]);
    expect(shelf.playbooks.flatMap((one) => one.playbook.answers).filter((id) => !ids.has(id))).toEqual([]);
  });

  it('name the schema for editors, and the schema is current', async () => {
    const { builtIn } = await playbookFolders();
    const file = join(builtIn, 'playbook.schema.json');
    const made = playbookJsonSchema(actions);
    if (process.env.CORDON_WRITE_SCHEMA) await writeFile(file, `${JSON.stringify(made, null, 2)}\n`);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(made);
    const shelf = await loadPlaybooks(await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }), actions);
    for (const { file: path } of shelf.playbooks) {
      expect(await readFile(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/playbook\.schema\.json\n/);
    }
  });
});
