import type { Incoming } from './gateway.ts';

/** A request without its token, and the audience that the token is for. */
export interface RecordedRequest {
  incoming: Incoming;
  audience: string;
}
