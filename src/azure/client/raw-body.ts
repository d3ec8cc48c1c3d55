import type { Json } from '../../arm/json.ts';
import { isObject } from '../../arm/json.ts';

type OnResponse = {
  onResponse: (response: { status: number; parsedBody?: unknown; bodyAsText?: string | null }) => void;
};

/**
 * The JSON that Azure sent for an SDK call. The SDK's models drop what they do not know and rename what they do; what
 * is evaluated, kept as evidence and written back must be what Azure said.
 */
export async function rawBody(call: (options: OnResponse) => PromiseLike<unknown>): Promise<Json> {
  let body: unknown;
  await call({
    onResponse: (response) => {
      if (typeof response.bodyAsText === 'string' && response.bodyAsText !== '') body = JSON.parse(response.bodyAsText);
      else if (response.parsedBody !== undefined) body = response.parsedBody;
    },
  });
  return isObject(body) ? body : {};
}
