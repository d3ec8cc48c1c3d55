import type { Fact } from '../documents/fact.ts';
import type { AddressTrace, EventsAround } from '../documents/traces.ts';
import type {
  Activity,
  Alerts,
  Backup,
  Exposure,
  Finding,
  Firewall,
  IdentityPosture,
  Installations,
  Jit,
  KnownExploited,
  Logons,
  Patches,
  Recommendations,
  ScanDocument,
  ScanRow,
  SecureScore,
  Software,
  TimeLine,
  TriageDocument,
  VirtualMachine,
} from '../documents/triage.ts';

/** A triage while its answers arrive: null is "not answered yet". */
export interface TriageInProgress {
  vm: VirtualMachine;
  exposure: Fact<Exposure> | null;
  logons: Fact<Logons> | null;
  patches: Fact<Patches> | null;
  installations: Fact<Installations> | null;
  knownExploited: Fact<KnownExploited> | null;
  posture: {
    alerts: Fact<Alerts> | null;
    secureScore: Fact<SecureScore> | null;
    recommendations: Fact<Recommendations> | null;
    jit: Fact<Jit> | null;
    identity: Fact<IdentityPosture> | null;
    software: Fact<Software> | null;
    backup: Fact<Backup> | null;
    firewall: Fact<Firewall> | null;
    activity: Fact<Activity> | null;
  };
  /** What has a time in the facts so far. */
  timeLine: TimeLine;
  /** From the facts so far. */
  findings: Finding[];
}

/** A triage of which nothing has been answered. */
export function nothingYet(vm: VirtualMachine): TriageInProgress {
  return {
    vm,
    exposure: null,
    logons: null,
    patches: null,
    installations: null,
    knownExploited: null,
    posture: {
      alerts: null,
      secureScore: null,
      recommendations: null,
      jit: null,
      identity: null,
      software: null,
      backup: null,
      firewall: null,
      activity: null,
    },
    timeLine: { entries: [], unknown: [] },
    findings: [],
  };
}

export interface Identity {
  name: string;
  tenantId: string;
  address: string;
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
  /** What one address did, in the logs of every machine in reach. */
  traceAddress(address: string, signal: AbortSignal): Promise<Fact<AddressTrace>>;
  /** The events of a machine's log next to an instant (ISO 8601 UTC). */
  eventsAround(vm: VirtualMachine, instant: string, signal: AbortSignal): Promise<Fact<EventsAround>>;
  /** Labelled lines that explain one exposed port, for its detail: path, deciding rule, rules that lost, not seen. */
  explain(document: TriageInProgress, portIndex: number): { label: string; text: string }[];
}
