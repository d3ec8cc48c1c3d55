/** One request to Azure and its answer, without credentials: what the case file and the contract check read. */
export interface Exchange {
  method: string;
  /** The absolute https URL that the SDK asked for. */
  url: string;
  apiVersion: string;
  /** `x-ms-client-request-id`, set by us. */
  clientRequestId: string;
  /** Parsed JSON, or undefined when there was none. */
  requestBody: unknown;
  requestHeaders: Record<string, string>;
  /** ISO 8601 UTC. */
  sentAt: string;
  durationSeconds: number;
  /** 0 when no answer came. */
  status: number;
  responseHeaders: Record<string, string>;
  /** Parsed JSON, or the text that was none; undefined when there was none. */
  readonly responseBody: unknown;
  /** `x-ms-request-id` */
  requestId: string;
  /** `x-ms-correlation-request-id` */
  correlationId: string;
  /** Why no answer came; "" when one did. */
  error: string;
}

/** A request that changes Azure, as it is about to leave. */
export type OutgoingChange = Pick<Exchange, 'method' | 'url' | 'apiVersion' | 'clientRequestId' | 'requestBody'>;

/**
 * Surrounds each changing request to Azure. `before` resolves only when the intent is durable on disk, with the
 * id that the request is to carry where it is another, and rejects to refuse the request; `after` gets the exchange, also when no answer came.
 */
export interface ChangeGate {
  before(change: OutgoingChange): Promise<string | undefined>;
  after(change: OutgoingChange, exchange: Exchange): Promise<void>;
  /** Gets what was read meanwhile: how an operation is that a change began. */
  read?(exchange: Exchange): void;
  /**
   * How the long-running operation ended that an accepted request began. `ok` is null when it was not followed to
   * its end; `result` is Azure's word ("Succeeded"). With `leaves` something is there that it made before it failed.
   */
  settled?(
    clientRequestId: string,
    end: { ok: boolean | null; result: string; error: string; leaves?: boolean },
  ): Promise<void>;
}
