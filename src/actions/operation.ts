import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import type { ActionContext } from '../playbook/action.ts';

/** Azure accepted an operation that then failed, or answered with an error: Azure's code, and a sentence to show. */
export class AzureRefusal extends Error {
  override readonly name = 'AzureRefusal';
  readonly statusCode: number;
  readonly code: string;

  constructor(what: string, error: unknown) {
    const { code, status, message } = azureError(error);
    const said =
      status === 0 && code === '' ? message : `${[status || '', code].filter(Boolean).join(' ')}: ${message}`;
    super(`${what}: ${said}`, { cause: error });
    this.statusCode = status;
    this.code = code;
  }
}

interface Answered {
  request: { headers: { get(name: string): string | undefined } };
}

interface Poller<T> extends PromiseLike<T> {
  readonly operationState: { status: string; error?: Error } | undefined;
}

export interface BeginOptions {
  updateIntervalInMs: number;
  abortSignal: AbortSignal;
  onResponse: (response: Answered) => void;
}

/**
 * Sends a change through the gate and follows the long-running operation to its end, which the gate is told too.
 * `what` names it for people: "PUT web01-nic". Throws an AzureRefusal.
 */
export async function follow<T>(
  connection: Connection,
  context: ActionContext,
  what: string,
  begin: (options: BeginOptions) => Poller<T>,
): Promise<T> {
  let clientRequestId = '';
  return connection.changing(context.gate, async () => {
    let poller: Poller<T> | undefined;
    try {
      poller = begin({
        updateIntervalInMs: connection.pollIntervalMs,
        abortSignal: context.signal,
        onResponse: (response) => {
          clientRequestId = response.request.headers.get('x-ms-client-request-id') ?? '';
        },
      });
      const result = await poller;
      await context.gate.settled?.(clientRequestId, { ok: true, result: 'Succeeded', error: '' });
      return result;
    } catch (error) {
      const refusal = new AzureRefusal(what, error);
      const status = poller?.operationState?.status;
      if (status === 'failed' || status === 'canceled') {
        const result = status === 'failed' ? 'Failed' : 'Canceled';
        await context.gate.settled?.(clientRequestId, { ok: false, result, error: refusal.message });
      }
      throw refusal;
    }
  });
}

/** Waits between two questions to Azure; rejects when the run was stopped. */
export async function pause(connection: Connection, context: ActionContext): Promise<void> {
  await sleep(connection.pollIntervalMs, undefined, { signal: context.signal });
}
