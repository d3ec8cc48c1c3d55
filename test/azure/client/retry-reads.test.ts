import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { retryReads } from '../../../src/azure/client/retry-reads.ts';

const url =
  'https://management.azure.com/subscriptions/s/providers/Microsoft.Network/networkInterfaces/n?api-version=1';
type Outcome = { status: number; headers?: Record<string, string> } | Error;

/** What a request of this method meets, one outcome an attempt, the last for all that follow. */
async function meets(method: 'GET' | 'PUT', ...outcomes: Outcome[]) {
  const waits: number[] = [];
  let attempts = 0;
  const policy = retryReads(async (ms) => waits.push(ms));
  const request = createPipelineRequest({ url, method });
  const next = async (): Promise<PipelineResponse> => {
    const outcome = outcomes[Math.min(attempts, outcomes.length - 1)] ?? new Error('no outcome');
    attempts += 1;
    if (outcome instanceof Error) throw outcome;
    return { request, status: outcome.status, headers: createHttpHeaders(outcome.headers ?? {}) };
  };
  const ended = await policy.sendRequest(request, next).then(
    ({ status }) => status,
    (error: Error) => error.message,
  );
  return { ended, attempts, waits };
}
const reset = () => Object.assign(new Error('reset'), { code: 'ECONNRESET' });

describe('a read', () => {
  it('waits as long as Retry-After says, in seconds or as a date', async () => {
    const { ended, waits } = await meets('GET', { status: 429, headers: { 'retry-after': '7' } }, { status: 200 });
    expect(ended).toBe(200);
    expect(waits[0]).toBeGreaterThanOrEqual(7000);
    expect(waits[0]).toBeLessThanOrEqual(8000);
    const past = await meets(
      'GET',
      { status: 503, headers: { 'retry-after': 'Mon, 01 Jan 2024 00:00:00 GMT' } },
      { status: 200 },
    );
    expect(past.ended).toBe(200);
  });

  it('is sent again without Retry-After too: after the quota’s reset, or longer each time', async () => {
    const quota = await meets(
      'GET',
      { status: 429, headers: { 'x-ms-user-quota-resets-after': '00:00:04' } },
      { status: 200 },
    );
    expect(quota.ended).toBe(200);
    expect(quota.waits[0]).toBeGreaterThanOrEqual(4000);
    const { ended, attempts, waits } = await meets('GET', { status: 429 });
    expect(ended).toBe(429);
    expect(attempts).toBe(5);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });

  it('does not wait longer than a person does: an hour is told at once', async () => {
    const { ended, attempts, waits } = await meets('GET', { status: 429, headers: { 'retry-after': '3600' } });
    expect({ ended, attempts, waits }).toEqual({ ended: 429, attempts: 1, waits: [] });
    const many = await meets('GET', { status: 503, headers: { 'retry-after': '25' } });
    expect(many.attempts).toBeLessThanOrEqual(3);
  });

  it('is sent again when the connection breaks, and not when the answer is final or the time is over', async () => {
    expect(await meets('GET', reset(), { status: 200 })).toMatchObject({ ended: 200, attempts: 2 });
    expect(await meets('GET', reset())).toMatchObject({ ended: 'reset', attempts: 5 });
    for (const status of [400, 401, 403, 404, 409]) {
      expect(await meets('GET', { status })).toMatchObject({ ended: status, attempts: 1 });
    }
    const late = Object.assign(new Error('did not answer in 60 s'), { name: 'TimeLimitExceeded' });
    expect(await meets('GET', late)).toMatchObject({ attempts: 1 });
  });
});

it('a change is sent once, whatever comes back', async () => {
  for (const outcome of [{ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }, reset()]) {
    expect(await meets('PUT', outcome)).toMatchObject({ attempts: 1, waits: [] });
  }
});
