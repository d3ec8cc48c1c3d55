import { stat } from 'node:fs/promises';
import { createActions } from '../actions/actions.ts';
import { connect } from '../azure/client/connection.ts';
import { type ExitCode, exitCode, Failure } from '../failure.ts';
import { cacaoOf } from '../playbook/cacao.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { printedJson } from './printed-json.ts';

/** `cordon playbook export NAME --cacao`: prints the playbook as CACAO 2.0. Asks nothing of Azure. */
export async function exportPlaybook(
  name: string,
  { cacao }: { cacao?: boolean },
  { stdout }: { stdout: { write(text: string): unknown } },
): Promise<ExitCode> {
  if (cacao !== true) throw new Failure('playbook export: say in which format: --cacao');
  const shelf = await loadPlaybooks(await playbookFolders(), createActions(connect()));
  const playbook = findPlaybook(shelf, name);
  const file = shelf.playbooks.find((one) => one.playbook === playbook)?.file ?? '';
  const { mtime } = await stat(file);
  stdout.write(`${printedJson(cacaoOf(playbook, { modified: mtime }))}\n`);
  return exitCode.done;
}
