import { openCaseStore } from '../../src/casefile/case-store.ts';
import { caseLogOf } from '../../src/session/playbooks/playbook-shelf.ts';
import type { Bench } from './bench.ts';

/** A new case about web01 in a folder of cases, and its log for a run. */
export async function caseOnDisk(
  bench: Bench,
  cases: string,
  options: Omit<NonNullable<Parameters<typeof openCaseStore>[1]>, 'now'> = {},
) {
  const now = () => bench.simulator.now();
  const vm = bench.target('web01');
  const open = await openCaseStore(cases, { ...options, now }).create({
    vmName: vm.name,
    header: {
      toolVersion: '0',
      tenantId: '',
      subscriptionId: vm.subscriptionId,
      operator: { upn: 'anna@contoso.com', oid: '' },
      demo: true,
      cloud: 'public',
      vm: { id: vm.id, name: vm.name },
    },
  });
  return { open, log: caseLogOf({ id: open.id, file: open, actor: 'anna@contoso.com' }, now) };
}
