import { createHttpHeaders, createPipelineRequest, type PipelineRequest } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { createTransport } from '../../../src/azure/client/transport.ts';

const locks = 'https://management.azure.com/subscriptions/s/providers/Microsoft.Authorization/locks?api-version=1';
const poll =
  'https://management.azure.com/subscriptions/s/providers/Microsoft.Network/operationResults/1?api-version=1';
const group = 'https://management.azure.com/subscriptions/s/resourceGroups/g/x?api-version=1';

/** A transport over an Azure that answers at `answer`. */
function opened() {
  const sent: PipelineRequest[] = [];
  const waiting: ((status: number) => void)[] = [];
  const transport = createTransport({
    hosts: ['management.azure.com'],
    now: () => new Date(0),
    carrier: {
      sendRequest: (request) =>
        new Promise((resolve) => {
          const bodyAsText = `{"number":${sent.push(request)}}`;
          waiting.push((status) => resolve({ request, status, headers: createHttpHeaders(), bodyAsText }));
        }),
    },
  });
  const get = async (url: string, abortSignal?: AbortSignal) => {
    const request = createPipelineRequest({ url, ...(abortSignal ? { abortSignal } : {}) });
    const response = await transport.httpClient.sendRequest(request);
    // The client's poller looks for its own request.
    expect(response.request).toBe(request);
    return response.bodyAsText;
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const answer = async (status = 200) => {
    await turn();
    for (const one of waiting.splice(0)) one(status);
    await turn();
  };
  const change = () => {
    const gate = { before: async () => undefined, after: async () => undefined };
    const request = createPipelineRequest({ url: group, method: 'PUT' });
    return transport.changing(gate, () => transport.httpClient.sendRequest(request));
  };
  return { sent, get, answer, change, planning: transport.planning };
}

describe('reads of plans that are made at the same time', () => {
  it('are sent once, also where the answer is on its way', async () => {
    const { sent, get, answer, planning } = opened();
    const plans = [0, 1, 2].map(() => planning(async () => [await get(locks), await get(locks)]));
    await answer();
    expect(new Set((await Promise.all(plans)).flat())).toEqual(new Set(['{"number":1}']));
    expect(sent).toHaveLength(1);
  });

  it('are sent each outside of a plan, after the plans, and for the way of an operation', async () => {
    const { sent, get, answer, planning } = opened();
    const both = [get(locks), planning(() => Promise.all([get(poll), get(poll)])), planning(() => get(locks))];
    await answer();
    await Promise.all(both);
    expect(sent).toHaveLength(4);
    const later = planning(() => get(locks));
    await answer();
    expect(await later).toBe('{"number":5}');
  });

  it('are never given across a change: neither its leaving nor its answer', async () => {
    const { get, answer, change, planning } = opened();
    let go = () => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const first = planning(async () => {
      const before = await get(locks);
      await gone;
      return [before, await get(locks)];
    });
    await answer();
    const changed = change();
    const during = planning(() => get(locks));
    await answer();
    await Promise.all([changed, during]);
    const after = planning(() => get(locks));
    go();
    await answer();
    expect([...(await first), await during].toSorted()).toEqual(['{"number":1}', '{"number":3}', expect.anything()]);
    expect(['{"number":4}', '{"number":5}']).toContain(await after);
  });

  it('are asked again where the answer was a refusal, or whoever asked gave up', async () => {
    const { sent, get, answer, planning } = opened();
    const refused = [planning(() => get(locks)), planning(() => get(locks))];
    await answer(403);
    await answer(403);
    await Promise.all(refused);
    expect(sent).toHaveLength(2);
  });

  it('end for who gives up, not for the others', async () => {
    const { sent, get, answer, planning } = opened();
    const stop = new AbortController();
    const first = planning(() => get(locks));
    const second = planning(() => get(locks, stop.signal)).catch((error: unknown) => String(error));
    stop.abort();
    expect(await second).toContain('abort');
    await answer();
    expect(await first).toBe('{"number":1}');
    expect(sent).toHaveLength(1);
  });
});
