import type { PipelineOptions } from '@azure/core-rest-pipeline';

/** What a thread that reads blobs begins with. */
export interface BlobThreadData {
  /** Ends of the hosts that it may read from. */
  storage: string[];
  /** Base URL of a simulator that is read from instead. */
  simulator: string | undefined;
  pipeline: Pick<PipelineOptions, 'retryOptions' | 'userAgentOptions'>;
}

/** To the thread. */
export type ToBlobThread =
  | {
      kind: 'read';
      id: number;
      /** The signed address: it stays in memory. */
      url: string;
      first: number;
      etag: string;
      memory: SharedArrayBuffer;
      at: number;
      length: number;
    }
  | { kind: 'stop'; id: number };

export interface PartFailure {
  message: string;
  code: string;
}

/** From the thread. */
export type FromBlobThread =
  | {
      kind: 'answered';
      id: number;
      status: number;
      headers: { etag: string; range: string; code: string };
      bytes: number;
      failure: PartFailure | null;
    }
  | { kind: 'failed'; id: number; failure: PartFailure };
