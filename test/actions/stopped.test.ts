import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import type { ActionContext } from '../../src/playbook/action.ts';
import { type Answering, answering } from '../azure/client/answering.ts';
import { openGate } from './bench.ts';

const group = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const incident = `${group}/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/incidents/i`;
const given: Record<string, object> = {
  'incident.comment': { incident, message: 'x' },
  'account.disable': { account: 'svc-web' },
};

/** A body that lets a plan of most actions come further. */
const machine = {
  id: `${group}/providers/Microsoft.Compute/virtualMachines/vm`,
  name: 'vm',
  location: 'eastus',
  identity: { type: 'SystemAssigned', principalId: '00000000-0000-4000-8000-000000000002' },
  properties: {
    storageProfile: {
      osDisk: { osType: 'Windows', managedDisk: { id: `${group}/providers/Microsoft.Compute/disks/os` } },
      dataDisks: [],
    },
    networkProfile: { networkInterfaces: [{ id: `${group}/providers/Microsoft.Network/networkInterfaces/n` }] },
    instanceView: { statuses: [{ code: 'PowerState/running' }] },
  },
};

describe('an action that is stopped while Azure does not answer', () => {
  let azure: Answering;
  let answered = 0;
  beforeAll(async () => {
    azure = await answering(({ url }) => {
      if (azure.asked.length > answered) return undefined;
      return { body: /\/virtualMachines\/vm\?/i.test(url) ? machine : { value: [], properties: {} } };
    });
  });
  afterAll(() => azure.close());

  const contextOf = (signal: AbortSignal): ActionContext => ({
    target: {
      id: machine.id,
      name: 'vm',
      resourceGroup: 'rg',
      subscriptionId: '00000000-0000-4000-8000-000000000001',
      location: 'eastus',
    },
    caseId: 'c',
    responderAddress: '198.51.100.20',
    gate: openGate,
    keep: async () => '',
    progress: () => undefined,
    asked: () => undefined,
    signal,
  });

  // Whichever request it is at: the first ones are answered, the next is not.
  it.each([0, 1, 3, 6])('gives up its plan at once, after %i answers', async (few) => {
    for (const [name, action] of createActions(azure.connection)) {
      azure.asked.length = 0;
      answered = few;
      const stop = new AbortController();
      const planning = action.plan(contextOf(stop.signal), given[name] ?? {}).then(
        () => 'planned',
        () => 'given up',
      );
      const ended = planning.then(() => true);
      const waits = async () => {
        for (;;) {
          if (azure.asked.length > answered) return false;
          if (await Promise.race([ended, new Promise((resolve) => setImmediate(resolve, false))])) return true;
        }
      };
      if (await waits()) continue;
      stop.abort();
      expect(await planning, name).toMatch(/given up|planned/);
    }
  });
});
