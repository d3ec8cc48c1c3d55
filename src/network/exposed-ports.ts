import type { DecidingRule, ExposedPort } from '../documents/triage.ts';
import type { InternetPath, PortRange } from './paths/internet-path.ts';
import type { Entrance } from './paths/paths-to-machine.ts';
import type { FilterChain } from './rules/evaluate-chain.ts';
import type { Filters } from './rules/rule-lists.ts';

/** One entrance with the rules in front of it, as evaluated. */
export interface Guarded {
  entrance: Entrance;
  filters: Filters;
  /** The lists that were used: ours, and Azure's effective ones in the place of those that could not be read. */
  chain: FilterChain;
  grouped: boolean;
  /** Gaps in the filters, in sentences. */
  missing: readonly string[];
}

/** A range of ports as the rules alone open it, on every VM that they treat alike. */
export interface PortShape extends Pick<ExposedPort, 'protocol' | 'from' | 'to' | 'service' | 'via' | 'sources'> {
  decidedBy: readonly DecidingRule[];
  /** The ports that the Internet must address, without the address. */
  frontend: PortRange;
  /** How dangerous, 0 the worst; for sorting. */
  rank: number;
}

/** What one path opens, most dangerous first, with what is needed to explain it. */
export class Opening {
  readonly shapes: readonly PortShape[];
  readonly guarded: Guarded;
  readonly path: InternetPath;
  #ports: readonly ExposedPort[] | undefined;

  constructor(shapes: readonly PortShape[], guarded: Guarded, path: InternetPath) {
    this.shapes = shapes;
    this.guarded = guarded;
    this.path = path;
  }

  /** The VM's own ports, one a shape. They are made when first asked for: a fleet's list reports shapes alone. */
  get ports(): readonly ExposedPort[] {
    const { path, guarded } = this;
    const way = { id: path.id, rule: path.rule };
    this.#ports ??= this.shapes.map((shape) => ({
      protocol: shape.protocol,
      from: shape.from,
      to: shape.to,
      service: shape.service,
      frontend: { address: path.address, from: shape.frontend.from, to: shape.frontend.to },
      via: shape.via,
      sources: shape.sources,
      decidedBy: [...shape.decidedBy],
      agrees: 'not-checked',
      networkInterface: guarded.entrance.networkInterface,
      path: way,
    }));
    return this.#ports;
  }
}
