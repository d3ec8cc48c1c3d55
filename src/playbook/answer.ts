import type { Exchange } from '../documents/exchange.ts';

/** Where an answer to a changing request comes from, and what it says of the change. */
export interface Answer {
  /** "other" for an answer that does not carry Azure's ids: a proxy's page, a captive portal. "none" when none came. */
  from: 'azure' | 'other' | 'none';
  /**
   * "begun" for an operation that goes on; "unknown" where the answer does not say whether it was done; "conflict" where
   * it was refused because of the resource's state, which the same request may have brought about, delivered twice.
   */
  fate: 'done' | 'begun' | 'refused' | 'conflict' | 'unknown';
}

/** Azure Resource Manager puts both ids on each of its answers; one of them is enough. */
function isAzures({ requestId, correlationId, responseHeaders }: Exchange): boolean {
  const type = responseHeaders['content-type'] ?? '';
  return (requestId !== '' || correlationId !== '') && !/html/i.test(type);
}

/**
 * What an answer says. Only a complete 4xx of Azure's own says "not done"; 408 and 5xx may come from a gateway in front
 * of a service that did it, and a redirect or a page of a proxy is no answer at all.
 */
export function answerOf(exchange: Exchange): Answer {
  const { status, method } = exchange;
  if (status === 0) return { from: 'none', fate: 'unknown' };
  if (!isAzures(exchange)) return { from: 'other', fate: 'unknown' };
  const from = 'azure';
  if (status >= 500 || status === 408 || status < 200 || (status >= 300 && status < 400)) {
    return { from, fate: 'unknown' };
  }
  if ((status === 409 || status === 412) && method !== 'POST') return { from, fate: 'conflict' };
  if (status >= 400) return { from, fate: 'refused' };
  // A text that is no JSON was cut off or spoiled on the way: so may its status be.
  if (typeof exchange.responseBody === 'string' && /json/i.test(exchange.responseHeaders['content-type'] ?? '')) {
    return { from, fate: 'unknown' };
  }
  const begun = status === 202 || exchange.responseHeaders['azure-asyncoperation'] !== undefined;
  return { from, fate: begun ? 'begun' : 'done' };
}

/** Where the operation that an answer began can be asked about; "" when it names none. */
export function operationUrlOf({ responseHeaders }: Exchange): string {
  return responseHeaders['azure-asyncoperation'] ?? responseHeaders.location ?? '';
}
