import { AzureError } from '../azure-error.ts';
import { bodyOf, type Handler, type Route } from '../call.ts';
import { guestOutput } from '../guest.ts';
import { at, type Json, same, text, texts } from '../json.ts';
import { demandIdle, startCompute } from '../long-running.ts';
import { ownerAt } from './resource-reads.ts';
import { demandRunning } from './run-commands.ts';

const status = (code: string, message: string): Json => ({
  code,
  level: 'Info',
  displayStatus: 'Provisioning succeeded',
  message,
});

/**
 * The older Run Command, which the Azure CLI's `vm run-command invoke` calls: its output is the result of the operation.
 * Windows reports two streams, Linux both in one text (learn.microsoft.com/azure/virtual-machines/windows/run-command
 * and linux/run-command, read 2026-11-30). Only a script that is given is run.
 */
const run: Handler = (call) => {
  const { azure } = call;
  const machine = ownerAt(call);
  const body = bodyOf(call);
  const command = text(body.commandId);
  if (command === undefined || !/^Run(PowerShell|Shell)Script$/i.test(command)) {
    throw new AzureError(404, 'NotFound', `The entity was not found: command '${command ?? ''}'.`);
  }
  demandRunning(machine);
  demandIdle(call, `${machine.id}/runCommand`);
  const script = texts(body.script).join('\n');
  azure.dataVersion += 1;
  const { headers } = startCompute(call, machine.location ?? '', 'operations', {
    target: `${machine.id}/runCommand`,
    duration: azure.pace.virtualMachine,
    result: () => {
      const { output, error } = guestOutput(azure, machine, script, body.parameters);
      const linux = same(text(at(machine.properties, 'storageProfile', 'osDisk', 'osType')), 'Linux');
      return {
        value: linux
          ? [status('ProvisioningState/succeeded', `Enable succeeded: \n[stdout]\n${output}\n[stderr]\n${error}`)]
          : [status('ComponentStatus/StdOut/succeeded', output), status('ComponentStatus/StdErr/succeeded', error)],
      };
    },
  });
  return { status: 202, headers };
};

export const actionRunCommandRoutes: Route[] = [
  {
    method: 'POST',
    template:
      '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}/runCommand',
    handler: run,
  },
];
