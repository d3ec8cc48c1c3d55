import { Clock } from './clock.ts';
import { FaultPlan } from './faults.ts';
import { Operations } from './operations.ts';
import { Permissions } from './permissions.ts';
import { Relations } from './relations.ts';
import { seeded } from './scenario/seeded.ts';
import { Store } from './store.ts';
import { type Limits, Throttling } from './throttling.ts';
import { Tokens } from './tokens.ts';
import type { ArmResource, Caller, Row, World } from './world.ts';
import { settleIn } from './world-settlement.ts';

/** Milliseconds that the kinds of long-running work take. */
export interface Pace {
  network: number;
  virtualMachine: number;
  snapshot: number;
  effectiveRules: number;
  assessment: number;
  backupTrigger: number;
  snapshotOfBackup: number;
  backupJob: number;
  /** Seconds that `Retry-After` asks clients to wait; 0: not sent. */
  retryAfter: number;
  /** Bounds of the delay before a read is answered. */
  read: [number, number];
}

const paces: Record<'none' | 'realistic', Pace> = {
  none: {
    network: 20,
    virtualMachine: 25,
    snapshot: 30,
    effectiveRules: 10,
    assessment: 25,
    backupTrigger: 10,
    snapshotOfBackup: 25,
    backupJob: 50,
    retryAfter: 0,
    read: [0, 0],
  },
  realistic: {
    network: 4000,
    virtualMachine: 15_000,
    snapshot: 8000,
    effectiveRules: 2000,
    assessment: 20_000,
    backupTrigger: 2000,
    snapshotOfBackup: 10_000,
    backupJob: 30_000,
    retryAfter: 1,
    read: [80, 400],
  },
};

/** Everything that the simulated Azure knows. Providers read and change it; nothing of it is shared with the world given. */
export class Azure {
  readonly clock: Clock;
  readonly store = new Store();
  readonly operations: Operations;
  readonly permissions: Permissions;
  readonly tokens: Tokens;
  readonly faults: FaultPlan;
  readonly throttling: Throttling;
  readonly relations: Relations;
  readonly pace: Pace;
  readonly random = seeded(0x5eed);
  readonly caller: Caller;
  readonly subscriptions: World['subscriptions'];
  readonly tables: Map<string, Row[]>;
  readonly schemas: Record<string, Record<string, string>>;
  readonly workspaces: Record<string, string[]> | undefined;
  readonly backup: World['backup'];
  /** Changes since the start, as the activity log shows them; a workspace has only the rows of its table. */
  readonly activity: Row[] = [];
  /** Grows when a table or the backup changes. */
  dataVersion = 0;
  /** Grows when the bytes of the disks' blobs are exchanged for others under the same names. */
  blobRevision = 0;
  /** Longest page of a list. */
  readonly pageSize: number;

  constructor(
    world: World,
    options: {
      latency?: 'none' | 'realistic' | undefined;
      tokenLifetime?: number | undefined;
      pageSize?: number | undefined;
      limits?: Limits | undefined;
    } = {},
  ) {
    this.clock = new Clock(world.now);
    this.operations = new Operations(this.clock);
    this.permissions = new Permissions(world.denied, world.caller);
    this.tokens = new Tokens(world.caller, options.tokenLifetime);
    this.faults = new FaultPlan();
    this.throttling = new Throttling(options.limits ?? 'azure');
    this.pace = paces[options.latency ?? 'none'];
    this.caller = world.caller;
    this.subscriptions = world.subscriptions;
    this.schemas = world.schemas ?? {};
    this.workspaces = world.workspaces;
    this.pageSize = options.pageSize ?? 1000;
    this.tables = new Map(Object.entries(world.tables));
    this.backup = structuredClone(world.backup);
    settleIn(this.store, structuredClone(world.resources));
    this.relations = new Relations(this.store);
    this.store.takeChanges();
  }

  /** Rows of a table, whatever the case of its name. */
  table(name: string): Row[] | undefined {
    const exact = this.tables.get(name);
    if (exact !== undefined) return exact;
    const low = name.toLowerCase();
    for (const [known, rows] of this.tables) if (known.toLowerCase() === low) return rows;
    return undefined;
  }

  /** Replaces a table's rows. The world given is not touched. */
  setTable(name: string, rows: Row[]): void {
    const low = name.toLowerCase();
    const known = [...this.tables.keys()].find((key) => key.toLowerCase() === low) ?? name;
    this.tables.set(known, rows);
    this.dataVersion += 1;
  }

  /** A virtual machine by id. */
  virtualMachine(id: string): ArmResource | undefined {
    const found = this.store.get(id);
    return found?.type.toLowerCase() === 'microsoft.compute/virtualmachines' ? found : undefined;
  }
}
