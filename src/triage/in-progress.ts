import type { Fact } from '../documents/fact.ts';
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
  SecureScore,
  Software,
  TimeLine,
  VirtualMachine,
} from '../documents/triage.ts';
import { correlate } from './correlate.ts';
import { judge } from './findings.ts';
import type { ExploitedCatalog } from './known-exploited.ts';
import { timeLineOf } from './time-line.ts';

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

/**
 * What the facts say together: what one answer tells of another, the time line, the findings. Concluding again what was
 * concluded before gives the same.
 */
export function concluded(facts: TriageInProgress, catalog: ExploitedCatalog | undefined, now: Date): TriageInProgress {
  const { alerts, activity } = facts.posture;
  const together = correlate(
    { ...facts, alerts, activity, software: facts.posture.software, backup: facts.posture.backup },
    catalog,
    now,
  );
  const { patches, knownExploited, software, backup } = together;
  const posture = { ...facts.posture, software, backup };
  const { vm, exposure, logons, installations } = facts;
  const all = { exposure, logons, patches, installations, knownExploited };
  return {
    vm,
    ...all,
    posture,
    timeLine: timeLineOf({ ...posture, logons }),
    findings: judge({ os: vm.os, now, ...all, ...posture }),
  };
}
