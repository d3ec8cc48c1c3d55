import { afterEach, describe, expect, it } from 'vitest';
import { SimulatorStartError, type SimulatorThread, startSimulatorThread } from '../../src/simulator/host.ts';
import { at } from '../../src/simulator/json.ts';
import { smallWorld } from './small-world.ts';

let thread: SimulatorThread | undefined;
afterEach(async () => {
  await thread?.close();
  thread = undefined;
});

async function ask(path: string, method = 'GET', body?: unknown): Promise<unknown> {
  const url = `${thread?.url}/msi/token?api-version=2019-08-01&resource=https://management.azure.com/`;
  const answer = await fetch(url, { headers: { 'x-identity-header': thread?.identityHeader ?? '' } });
  const token = String(at(await answer.json(), 'access_token'));
  const response = await fetch(`${thread?.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return response.json();
}

describe('a simulator in a thread', () => {
  it('answers, tells its changes and its time, and can be closed', async () => {
    thread = await startSimulatorThread({ worldText: JSON.stringify(smallWorld()), worldFile: 'small.json' });
    const group = await ask('/subscriptions?api-version=2022-12-01');
    expect(group).toMatchObject({ value: [{ state: 'Enabled' }] });
    expect(thread.now().toISOString()).toMatch(/^2026-11-23T02:3/);
    expect(await thread.mutations()).toEqual([]);
  });

  it('runs the built-in incident when no world is given', async () => {
    thread = await startSimulatorThread();
    const answer = await ask('/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', 'POST', {
      query: "resources | where type == 'microsoft.compute/virtualmachines' | count",
    });
    expect(answer).toMatchObject({ totalRecords: 1, data: [{ Count: expect.any(Number) }] });
  });

  it('says in one line why it cannot start', async () => {
    const wrong = startSimulatorThread({ worldText: '{\n  "schema": "cordon.world/9"\n}', worldFile: 'mine.json' });
    await expect(wrong).rejects.toThrow(SimulatorStartError);
    await expect(wrong).rejects.toThrow(/^mine\.json:2: expected/);
    const faults = startSimulatorThread({ faultsText: '[{}]', faultsFile: 'faults.json' });
    await expect(faults).rejects.toThrow(/^faults\.json: 0\.effect/);
  });
});
