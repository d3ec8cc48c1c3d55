import type { AskedQuery } from '../documents/asked-query.ts';
import type { Fact } from '../documents/fact.ts';
import type { IncidentDocument, IncidentInProgress } from '../documents/incident.ts';
import type { AddressTrace, EventsAround } from '../documents/traces.ts';
import type { ScanDocument, ScanRow, TriageDocument, VirtualMachine } from '../documents/triage.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';

export interface Identity {
  name: string;
  tenantId: string;
  address: string;
  /** Unusual properties of the identity, one sentence each: an application, another tenant than the one that was asked for. */
  warnings?: readonly string[];
}

/** How an incident is read, and to whom its answers go as they come. */
export interface IncidentReading {
  /** Its VMs are read again, also those whose triage is known. */
  again: boolean;
  /** Gets the triage of each VM of the incident. */
  onTriage(document: TriageDocument): void;
  onProgress(part: IncidentInProgress): void;
}

/** What the workbench reads. Nothing here throws for Azure's refusals: they travel as unknown facts and notSeen. */
export interface Reader {
  now(): Date;
  simulated: boolean;
  identity(): Promise<Identity>;
  /** Rows improve as answers come; the last call's rows equal the document's. */
  scan(onProgress: (rows: ScanRow[], notSeen: string[]) => void, signal: AbortSignal): Promise<ScanDocument>;
  triage(
    vm: VirtualMachine,
    onProgress: (part: TriageInProgress) => void,
    signal: AbortSignal,
  ): Promise<TriageDocument>;
  /** What leads from a VM to others and to data. Rejects when the VMs in reach cannot be listed. */
  incident(vm: VirtualMachine, told: IncidentReading, signal: AbortSignal): Promise<IncidentDocument>;
  /** What one address did, in the logs of every VM in reach. */
  traceAddress(address: string, signal: AbortSignal): Promise<Fact<AddressTrace>>;
  /** The events of a VM's log next to an instant (ISO 8601 UTC). */
  eventsAround(vm: VirtualMachine, instant: string, signal: AbortSignal): Promise<Fact<EventsAround>>;
  /** Reports the queries that `work` sends, and what came back, as they end. */
  askedBy<T>(listener: (query: AskedQuery) => void, work: () => T): T;
  /** What the facts say together, when some of them came from elsewhere. */
  conclude(facts: TriageInProgress): TriageInProgress;
  /** Labelled lines that explain one exposed port, for its detail: path, deciding rule, rules that lost, not seen. */
  explain(document: TriageInProgress, portIndex: number): { label: string; text: string }[];
}
