import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pipeline, PipelinePolicy } from '@azure/core-rest-pipeline';
import type { Json } from '../arm/json.ts';

const bodies = new AsyncLocalStorage<string>();
const fitted = new WeakSet<Pipeline>();

const policy: PipelinePolicy = {
  name: 'cordonExactBody',
  async sendRequest(request, next) {
    const body = bodies.getStore();
    if (body !== undefined && request.method === 'PUT') request.body = body;
    return next(request);
  },
};

/**
 * Runs `work`, whose PUT through the client carries this very JSON. The SDK's models drop properties that they do not
 * know, and a PUT without them would take them away from the resource.
 */
export function withExactBody<T>(client: { pipeline: Pipeline }, body: Json, work: () => T): T {
  if (!fitted.has(client.pipeline)) {
    client.pipeline.addPolicy(policy);
    fitted.add(client.pipeline);
  }
  return bodies.run(JSON.stringify(body), work);
}
