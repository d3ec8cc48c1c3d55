import { AzureError, notKept } from '../azure-error.ts';
import { type Handler, ok, page, param, type Route } from '../call.ts';
import { at, type Json, same, text } from '../json.ts';
import { lastSegment, parentId, readPath } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';
import {
  cancelJob,
  filterValue,
  itemsOf,
  machineOf,
  operationResult,
  operationStatus,
  vaultOf,
  vaultPath,
} from './recovery-services.ts';

/** The container of a protected machine, which holds that machine alone (specification 2023-06-01, IaasVMContainer). */
function containerOf(item: ArmResource): ArmResource {
  const id = parentId(item.id);
  const machine = machineOf(item) ?? '';
  return {
    id,
    name: lastSegment(id),
    type: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers',
    properties: {
      containerType: 'Microsoft.Compute/virtualMachines',
      backupManagementType: 'AzureIaasVM',
      friendlyName: text(at(item.properties, 'friendlyName')) ?? item.name,
      registrationStatus: 'Registered',
      healthStatus: 'Healthy',
      virtualMachineId: machine,
      virtualMachineVersion: 'Compute',
      resourceGroup: readPath(machine).group ?? '',
    } satisfies Json,
  };
}

const containers: Handler = (call) => {
  const filter = call.query.get('$filter') ?? '';
  const management = filterValue(filter, 'backupManagementType');
  if (management !== undefined && !same(management, 'AzureIaasVM')) throw notKept(`containers of ${management}`);
  const name = filterValue(filter, 'friendlyName');
  const found = itemsOf(call.azure, vaultOf(call.path))
    .map(containerOf)
    .filter((each) => name === undefined || same(text(at(each.properties, 'friendlyName')), name));
  return page(call, found, 200);
};

const container: Handler = (call) => {
  const found = itemsOf(call.azure, vaultOf(call.path))
    .map(containerOf)
    .find((each) => same(each.id, call.path));
  if (found !== undefined) return ok(found);
  throw new AzureError(404, 'BMSUserErrorContainerObjectNotFound', 'Container not found');
};

/** Settings of a vault that its world may have as resources below it. */
const settings: Handler = (call) => {
  const found = call.azure.store.get(call.path);
  if (found === undefined) throw notKept(`the settings ${call.path.split('/').slice(-2).join('/')} of this vault`);
  return ok(found);
};

const cancel: Handler = (call) => {
  const operation = cancelJob(call, param(call, 'job'));
  const place = `${call.origin}${encodeURI(call.path.replace(/\/cancel$/i, ''))}/operationResults/${operation}`;
  return { status: 202, headers: { location: `${place}?api-version=${call.apiVersion}` } };
};

/** What the Azure CLI asks a vault for, beside its items and jobs: the operations of the vault, its containers, its settings. */
export const vaultOperationRoutes: Route[] = [
  { method: 'GET', template: `${vaultPath}/backupOperations/{operation}`, handler: operationStatus },
  { method: 'GET', template: `${vaultPath}/backupOperationResults/{operation}`, handler: operationResult },
  { method: 'GET', template: `${vaultPath}/backupJobs/{job}/operationResults/{operation}`, handler: operationResult },
  { method: 'POST', template: `${vaultPath}/backupJobs/{job}/cancel`, handler: cancel },
  { method: 'GET', template: `${vaultPath}/backupProtectionContainers`, handler: containers },
  {
    method: 'GET',
    template: `${vaultPath}/backupFabrics/{fabric}/protectionContainers/{container}`,
    handler: container,
  },
  { method: 'GET', template: `${vaultPath}/backupconfig/{name}`, handler: settings },
  { method: 'GET', template: `${vaultPath}/backupstorageconfig/{name}`, handler: settings },
];
