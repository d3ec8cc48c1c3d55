import type { ExposedPort } from '../../documents/triage.ts';
import type { FilterChain } from './evaluate.ts';
import type { Filters } from './filters.ts';
import type { InternetPath } from './path.ts';
import type { Entrance } from './paths.ts';

/** One entrance with the rules in front of it, as evaluated. */
export interface Guarded {
  entrance: Entrance;
  filters: Filters;
  /** The lists that were used: ours, and Azure's effective ones in the place of those that could not be read. */
  chain: FilterChain;
  grouped: boolean;
  /** What is still not known of the filters, in sentences. */
  missing: readonly string[];
}

/** A port with what is needed to explain it. */
export interface Opening {
  port: ExposedPort;
  guarded: Guarded;
  path: InternetPath;
  /** How dangerous, 0 the worst; for sorting. */
  rank: number;
}
