import { instantAt, textAt } from '../arm/json.ts';
import { scaleSetInstanceOf } from '../arm/scale-set-instance.ts';
import { redactText } from '../casefile/redaction.ts';
import type { Fact, Unknown } from '../documents/fact.ts';
import { unknown } from '../documents/fact.ts';
import type { Exposure, ScanDocument, ScanRow, VirtualMachine } from '../documents/triage.ts';
import type { PublishedTags } from '../network/sets/address-prefixes.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import { type Reach, suspicionOf } from '../triage/suspicion.ts';
import type { Connection } from './client/connection.ts';
import { azureError, unknownFrom } from './client/failure.ts';
import { inTurns, theirTurn } from './client/in-turns.ts';
import { loadQuery } from './client/load-query.ts';
import { queryGraph } from './client/resource-graph.ts';
import { countAlerts } from './readers/defender-alerts.ts';
import { guardedSubscriptions } from './readers/defender-plan.ts';
import { readFleetExposure } from './readers/fleet-exposure.ts';
import { readFleetLogons } from './readers/fleet-logons.ts';
import { type PatchCounts, readFleetPatches } from './readers/fleet-patches.ts';
import { type Inventory, readInventory } from './readers/inventory.ts';
import { Listing } from './readers/listing.ts';
import type { LogonOptions } from './readers/logon-queries.ts';
import { otherMachinesText } from './readers/other-machines.ts';
import { readFleetVulnerabilities } from './readers/vulnerabilities.ts';
import { holdYoungGeneration } from './young-generation.ts';

type FleetBurst = ScanRow['worstBurst'];

interface FleetFacts {
  exposure: Map<VirtualMachine, MachineExposure> | null;
  /** An unknown when the logs could not be asked at all. */
  bursts: Map<string, FleetBurst> | Unknown | null;
  /** `whole`: Azure gave all there are, so that a VM without any has none. */
  alerts: { counts: Map<string, number>; guarded: Set<string>; whole: boolean } | null;
  /** `whole`: Azure gave all there are, so that a VM without any was never assessed. */
  patches: { counts: Map<string, PatchCounts>; whole: boolean } | null;
  /** CISA's entries among each scanned VM's vulnerabilities; null without a catalogue. */
  exploited: Map<string, string[]> | null;
  /** Last backups by VM, and the subscriptions (lower case) in which any backup could be read. */
  backups: { last: Map<string, string>; seen: Set<string>; whole: boolean } | null;
}

/** What a row says about how the Internet reaches its VM. */
interface MachineExposure {
  reach: Reach;
  addresses: readonly string[];
  /** The whole exposure, where it is wanted. */
  full: Fact<Exposure> | undefined;
}

const notAnswered = unknown('not-asked', 'not answered yet', 'wait', 'Log Analytics');

function burstOf(bursts: FleetFacts['bursts'], key: string): FleetBurst {
  if (bursts === null) return notAnswered;
  if (!(bursts instanceof Map)) return bursts;
  return (
    bursts.get(key) ??
    unknown(
      'silent',
      'no logs of this VM in any workspace in reach',
      'connect the Azure Monitor Agent, or open an exported event log',
      'Log Analytics',
    )
  );
}

function patchesOf(patches: FleetFacts['patches'], key: string): PatchCounts | null {
  if (patches === null) return null;
  const nothing = { critical: null, security: null };
  if (scaleSetInstanceOf(key)) return { assessment: 'unsupported', ...nothing };
  const { counts, whole } = patches;
  return counts.get(key) ?? { assessment: whole ? 'none' : 'unread', ...nothing };
}

function rowOf(vm: VirtualMachine, facts: FleetFacts): ScanRow {
  const key = vm.id.toLowerCase();
  const { reach, addresses, full } = facts.exposure?.get(vm) ?? {};
  const patches = patchesOf(facts.patches, key);
  const subscription = vm.subscriptionId.toLowerCase();
  const guarded = facts.alerts?.whole === true && facts.alerts.guarded.has(subscription);
  const count = facts.alerts?.counts.get(key);
  // Azure Backup takes no instances of scale sets: that none is backed up says nothing of this one.
  const neverBackedUp =
    facts.backups?.whole === true && facts.backups.seen.has(subscription) && !scaleSetInstanceOf(vm.id);
  const base: Omit<ScanRow, 'score' | 'severity' | 'because'> = {
    id: vm.id,
    name: vm.name,
    vm: { ...vm, publicAddresses: [...(addresses ?? [])] },
    exposedPorts: reach?.exposedPorts ?? null,
    worstBurst: burstOf(facts.bursts, key),
    alerts: count ?? (guarded ? 0 : null),
    criticalPatches: patches?.critical ?? null,
    securityPatches: patches?.security ?? null,
    ...(patches ? { patchAssessment: patches.assessment } : {}),
    ...(facts.exploited ? { knownExploited: facts.exploited.get(key) ?? null } : {}),
    lastBackup: facts.backups?.last.get(key) ?? (neverBackedUp ? '' : null),
    ...(full ? { exposure: full } : {}),
  };
  return { ...base, ...suspicionOf(base, reach) };
}

/** Redacts what a reason quotes of Azure's names; few of a fleet's reasons differ, and each is looked at once. */
class Reasons {
  readonly #known = new Map<string, string>();

  redacted({ because, ...row }: ScanRow): ScanRow {
    return { ...row, because: because.map((text) => this.#redacted(text)) };
  }

  #redacted(text: string): string {
    const known = this.#known.get(text) ?? redactText(text);
    this.#known.set(text, known);
    return known;
  }
}

/** A row of each VM, by suspicion. The VMs come by name: the most suspicious of a list keep that order among equals. */
async function rowsOf(machines: readonly VirtualMachine[], facts: FleetFacts, reasons: Reasons): Promise<ScanRow[]> {
  const rows: ScanRow[] = [];
  await inTurns(machines, (vm) => rows.push(reasons.redacted(rowOf(vm, facts))));
  return rows.sort((a, b) => b.score - a.score);
}

const byName = (a: VirtualMachine, b: VirtualMachine): number =>
  a.name.localeCompare(b.name) || a.id.localeCompare(b.id);

/**
 * Reports the rows each time something has changed, once for all that changed while the last ones were made. With
 * nobody to tell, they are made once, at the end.
 */
class Board {
  machines: VirtualMachine[] = [];
  rows: ScanRow[] = [];
  readonly #facts: FleetFacts;
  readonly #tell: ((rows: ScanRow[]) => void) | undefined;
  readonly #ended: () => boolean;
  readonly #reasons = new Reasons();
  #stale = false;
  #making: Promise<void> | null = null;

  constructor(facts: FleetFacts, tell: ((rows: ScanRow[]) => void) | undefined, ended: () => boolean) {
    this.#facts = facts;
    this.#tell = tell;
    this.#ended = ended;
  }

  changed(): void {
    this.#stale = true;
    if (this.#tell) this.#begin();
  }

  #begin(): void {
    this.#making ??= this.#make().finally(() => {
      this.#making = null;
    });
  }

  /** Resolves when all that has changed is in the rows. */
  async settled(): Promise<void> {
    this.#begin();
    while (this.#making !== null) await this.#making;
  }

  async #make(): Promise<void> {
    while (this.#stale && !this.#ended()) {
      this.#stale = false;
      this.rows = await rowsOf(this.machines, this.#facts, this.#reasons);
      if (!this.#tell) continue;
      // A frame of the whole list is made of them, which takes as long as a piece of them did.
      await theirTurn();
      if (!this.#ended()) this.#tell(this.rows);
    }
  }
}

interface ScanOptions extends LogonOptions {
  exploited?: ExploitedCatalog;
  serviceTags?: PublishedTags;
  /** Keep each VM's whole exposure in its row. */
  full?: boolean;
}

/** A scan that is under way: what is asked of which VMs, and what came of it so far. */
interface ScanInHand {
  connection: Connection;
  options: ScanOptions;
  /** Ids of the subscriptions. */
  ids: string[];
  listing: Listing;
  /** Aborts also when the VMs cannot be listed. */
  signal: AbortSignal;
  facts: FleetFacts;
  notSeen: string[];
}

async function scanExposure({ connection, options, ids, facts, notSeen, listing, signal }: ScanInHand): Promise<void> {
  const reached = new Map<VirtualMachine, MachineExposure>();
  const unseen = await readFleetExposure(
    connection,
    ids,
    listing.whole,
    { ...options, signal },
    (vm, exposure, reach, addresses) => {
      reached.set(vm, { reach, addresses, full: options.full ? exposure.fact() : undefined });
    },
  );
  facts.exposure = reached;
  notSeen.push(...unseen);
}

async function scanPatches({ connection, ids, listing, facts, notSeen, signal }: ScanInHand): Promise<void> {
  await listing.whole;
  const { counts, truncated } = await readFleetPatches(connection, ids, signal).catch((error: unknown) => {
    facts.patches = { counts: new Map(), whole: false };
    throw error;
  });
  facts.patches = { counts, whole: truncated === '' };
  if (truncated) notSeen.push(`patches: ${truncated}`);
}

async function scanBackups({ connection, ids, listing, facts, notSeen, signal }: ScanInHand): Promise<void> {
  await listing.whole;
  const query = await loadQuery('protected-items');
  const { rows, truncated } = await queryGraph(connection, query, ids, signal);
  if (truncated) notSeen.push(`backups: ${truncated}`);
  const last = new Map<string, string>();
  for (const row of rows) {
    const machine = textAt(row, 'machine');
    // The last operation may have failed: what counts is what one can go back to.
    const at = instantAt(row, 'lastRecoveryPoint') ?? instantAt(row, 'lastBackup') ?? '';
    // A VM may be an item of several vaults.
    if (Date.parse(at || '1970') >= Date.parse(last.get(machine) || '1970')) last.set(machine, at);
  }
  // No item in a whole subscription says more of the caller's rights than of the backups.
  const seen = new Set([...last.keys()].map((id) => id.split('/')[2] ?? ''));
  facts.backups = { last, seen, whole: truncated === '' };
}

async function scanLogons({ connection, options, ids, listing, signal, facts, notSeen }: ScanInHand): Promise<void> {
  const fleet = await readFleetLogons(connection, ids, listing, { ...options, signal }).catch((error: unknown) =>
    unknownFrom(error, 'Log Analytics', {
      permission: 'Microsoft.Insights/logs/read',
      role: 'Log Analytics Reader',
      scope: 'the workspaces',
    }),
  );
  facts.bursts = fleet.state === 'known' ? fleet.value : fleet;
  if (fleet.state === 'known') notSeen.push(...fleet.notSeen);
  else notSeen.push(`failed logons: ${fleet.because}; ${fleet.cure}`);
}

async function scanAlerts({ connection, ids, listing, signal, facts, notSeen }: ScanInHand): Promise<void> {
  const machines = await listing.whole;
  const [{ counts, notSeen: unseen, whole }, guarded] = await Promise.all([
    countAlerts(connection, ids, machines, signal),
    guardedSubscriptions(connection, ids, signal),
  ]);
  facts.alerts = { counts, guarded, whole };
  notSeen.push(...unseen);
}

async function scanExploited({ connection, options, ids, listing, signal, facts, notSeen }: ScanInHand): Promise<void> {
  const { exploited } = options;
  if (!exploited) return;
  const { found, truncated } = await readFleetVulnerabilities(connection, ids, signal);
  if (truncated) notSeen.push(`known exploited vulnerabilities: ${truncated}`);
  facts.exploited = new Map(
    [...found].flatMap(([id, cves]) => {
      const listed = [...new Set(cves)].filter((cve) => exploited.entries.has(cve)).sort();
      return listed.length > 0 || truncated === '' ? [[id, listed] as const] : [];
    }),
  );
  const blind = (await listing.whole).filter((vm) => !found.has(vm.id.toLowerCase())).length;
  if (blind > 0)
    notSeen.push(`known exploited vulnerabilities of ${blind} VMs: Defender shows no finding of a recent scan`);
  notSeen.push('known exploited vulnerabilities that follow only from a missing update: the VM’s triage shows them');
}

/**
 * The readings of a scan, side by side: those of many pages first, since Azure takes few questions at a time. What does not
 * help to list the VMs or to find their logs and networks waits for the list. One that fails is named in `notSeen`.
 */
const parts: Record<string, (scan: ScanInHand) => Promise<void>> = {
  exposure: scanExposure,
  'failed logons': scanLogons,
  patches: scanPatches,
  'Defender alerts': scanAlerts,
  'known exploited vulnerabilities': scanExploited,
  backups: scanBackups,
};

/** From so many VMs on their rows are what the heap is made of. */
const manyVms = 500;

/**
 * Every VM in reach, ranked by suspicion, from Resource Graph and one query a workspace: never a call a VM.
 * `onProgress`, where given, gets the rows so far each time an answer arrives. Throws a Failure when there is nothing to scan.
 */
export function readScan(
  connection: Connection,
  onProgress: ((rows: ScanRow[], notSeen: string[]) => void) | undefined,
  options: ScanOptions = {},
): Promise<ScanDocument> {
  let release: (() => void) | undefined;
  const listed = (vms: number) => {
    if (vms >= manyVms) release ??= holdYoungGeneration();
  };
  return readAll(connection, onProgress, options, listed).finally(() => release?.());
}

async function readAll(
  connection: Connection,
  onProgress: ((rows: ScanRow[], notSeen: string[]) => void) | undefined,
  options: ScanOptions,
  onListed: (vms: number) => void,
): Promise<ScanDocument> {
  const { signal } = options;
  const notSeen: string[] = [];
  const facts: FleetFacts = {
    exposure: null,
    bursts: null,
    alerts: null,
    patches: null,
    exploited: null,
    backups: null,
  };
  const board = new Board(
    facts,
    onProgress && ((rows) => onProgress(rows, [...notSeen])),
    () => signal?.aborted === true,
  );
  let listing: Listing | undefined;
  const listed = (machines: readonly VirtualMachine[]) => {
    onListed(machines.length);
    listing?.grow(machines);
    // They grow at their end: those that are sorted already are one run for the sort, which finds the others their places.
    board.machines = [...board.machines, ...machines.slice(board.machines.length)].sort(byName);
    board.changed();
  };
  const part = async (what: string, work: Promise<void>) => {
    await work.catch((error: unknown) => notSeen.push(`${what}: ${azureError(error).message}`));
    board.changed();
  };
  const unlisted = new AbortController();
  const both = AbortSignal.any([unlisted.signal, ...(signal ? [signal] : [])]);
  let begun: Promise<void>[] = [];
  const reading: Promise<Fact<Inventory>> = readInventory(connection, signal, listed, (ids) => {
    listing = new Listing(reading.then((inventory) => (inventory.state === 'known' ? inventory.value.machines : [])));
    const scan = { connection, options, ids, listing, signal: both, facts, notSeen };
    begun = Object.entries(parts).map(([what, work]) => part(what, work(scan)));
  });
  const inventory = await reading.catch((error: unknown) => {
    unlisted.abort();
    throw error;
  });
  const asOf = () => connection.clock.now().toISOString();
  if (inventory.state === 'unknown') {
    unlisted.abort();
    const { why, because, cure } = inventory;
    const reason = `${because}: ${cure}`;
    onProgress?.([], [reason]);
    const notListed = { why, because, cure };
    return { schema: 'cordon.scan/1', asOf: asOf(), vms: [], notSeen: [reason], notListed };
  }
  notSeen.push(...inventory.notSeen, ...otherMachinesText(inventory.value.others));
  listed(inventory.value.machines);
  await Promise.all(begun);
  await board.settled();
  return { schema: 'cordon.scan/1', asOf: asOf(), vms: board.rows, notSeen };
}
