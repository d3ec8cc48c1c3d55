import type { Azure } from '../azure.ts';
import { type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { type Json, same } from '../json.ts';
import type { ArmResource } from '../world.ts';
import { columnsOfTable, namesOf } from './log-analytics.ts';
import { resourceAt } from './resource-reads.ts';

/** A table as Resource Manager describes it (specification 2022-10-27, Table). Retention is not simulated, so none is printed. */
function tableOf(azure: Azure, workspace: ArmResource, name: string): Json {
  const columns = Object.entries(columnsOfTable(azure, name)).map(([column, type]) => ({
    name: column,
    type:
      type === 'timespan' || type === 'decimal'
        ? 'string'
        : type === 'bool'
          ? 'boolean'
          : type === 'datetime'
            ? 'dateTime'
            : type,
  }));
  return {
    id: `${workspace.id}/tables/${name}`,
    name,
    type: 'Microsoft.OperationalInsights/workspaces/tables',
    properties: { provisioningState: 'Succeeded', schema: { name, standardColumns: columns } },
  };
}

const workspaceOf = (call: Call): ArmResource => resourceAt(call, call.path.replace(/\/tables(\/[^/]+)?$/i, ''));

const list: Handler = (call) => {
  const workspace = workspaceOf(call);
  return page(
    call,
    namesOf(call.azure).map((name) => tableOf(call.azure, workspace, name)),
  );
};

const get: Handler = (call) => {
  const workspace = workspaceOf(call);
  const name = namesOf(call.azure).find((each) => same(each, param(call, 'table')));
  return ok(name === undefined ? resourceAt(call) : tableOf(call.azure, workspace, name));
};

const tables =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/{workspace}/tables';

export const workspaceTableRoutes: Route[] = [
  { method: 'GET', template: tables, handler: list },
  { method: 'GET', template: `${tables}/{table}`, handler: get },
];
