import type { HttpClient, PipelineOptions, PipelinePolicy } from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import type { Cloud } from './clouds.ts';
import type { TimeLimits } from './time-limits.ts';

/** Where a cluster is. */
export interface ClusterAddress {
  /** Its origin, without a path: `https://NAME.REGION.kusto.windows.net`, or that of an emulator, `http://localhost:8080`. */
  uri: string;
  /** An emulator on the loopback, over http: it knows no sign-in ("Azure Data Explorer Kusto emulator", 2025-12-11). */
  local: boolean;
}

/** The one way to Azure, as far as a cluster needs it: the sign-in, and what sends its requests. */
export interface ClusterDoor {
  address: ClusterAddress;
  cloud: Cloud;
  limits: TimeLimits;
  credential: TokenCredential;
  httpClient: HttpClient;
  pipeline: PipelineOptions;
  policies: PipelinePolicy[];
}
