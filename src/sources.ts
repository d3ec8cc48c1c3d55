import type { Asked } from './azure/readers/asked.ts';
import { inWords } from './documents/evidence-names.ts';
import type { Fact } from './documents/fact.ts';
import type { EvidenceName, TriageDocument, VirtualMachine } from './documents/triage.ts';
import type { TriageInProgress } from './triage/in-progress.ts';
import { activityLines, identityLines, jitLines } from './words/access-lines.ts';
import {
  alertLines,
  backupLines,
  firewallLines,
  installationLines,
  knownExploitedLines,
  recommendationLines,
  secureScoreLines,
  softwareLines,
  type ToldLine,
} from './words/fact-lines.ts';
import * as summary from './words/fact-summaries.ts';
import * as glance from './words/glances.ts';

/** The facts of a VM, all of them or those that have arrived. */
export type Part = Omit<TriageInProgress, 'findings' | 'timeLine'> | TriageDocument;

/** Asks Azure for one kind of evidence. */
interface Reader<T> {
  /** The service that is asked. */
  from: string;
  /** Loads the reader's file when it is called: what draws the evidence has no need of it. */
  read: (asked: Asked) => Promise<Fact<T>>;
}

/** One kind of evidence: how it is called, how and by whom it is read, and how it is reported where a user reads it. */
export interface Source {
  /** Its heading in a report. */
  title: string;
  /** The built-in role that is enough to read it. */
  role: string;
  /** null where it follows from other evidence. */
  reader: Reader<unknown> | null;
  fact(part: Part): Fact<unknown> | null;
  /** The sentence of the case file; null until it is known. */
  summary(part: Part): string | null;
}

/** Evidence that has no pane of its own: one thing of the posture row, with a detail. */
export interface PostureSource extends Source {
  /** Its name in the posture row. */
  label: string;
  /** Everything that is known of it; nothing until it is. */
  lines(part: Part): ToldLine[];
  /** What the posture row says; null until it is known. */
  glance(part: Part, now: Date): glance.Glance | null;
}

interface About<T> {
  title: string;
  role: string;
  reader: Reader<T> | null;
  fact: (part: Part) => Fact<T> | null;
  summary: (value: T) => string;
}

function source<T>({ title, role, reader, fact, summary: tell }: About<T>): Source {
  return {
    title,
    role,
    reader,
    fact,
    summary(part) {
      const found = fact(part);
      return found?.state === 'known' ? tell(found.value) : null;
    },
  };
}

function postureSource<T>(
  about: About<T> & {
    label: string;
    lines: (value: T, part: Part) => ToldLine[];
    glance: (value: T, now: Date) => glance.Glance;
  },
): PostureSource {
  return {
    ...source(about),
    label: about.label,
    lines(part) {
      const found = about.fact(part);
      return found?.state === 'known' ? about.lines(found.value, part) : [];
    },
    glance(part, now) {
      const found = about.fact(part);
      return found?.state === 'known' ? about.glance(found.value, now) : null;
    },
  };
}

/** The three questions; each has a pane of its own. */
const questions = {
  exposure: source({
    title: 'Exposed ports',
    role: 'Reader',
    reader: null,
    fact: (part) => part.exposure,
    summary: summary.exposureSummary,
  }),
  logons: source({
    title: 'Failed logons',
    role: 'Log Analytics Reader',
    reader: {
      from: 'Log Analytics',
      read: async ({ connection, vm, options }) =>
        (await import('./azure/readers/logons.ts')).readLogons(connection, vm, options),
    },
    fact: (part) => part.logons,
    summary: summary.logonsSummary,
  }),
  patches: source({
    title: 'Patch gaps',
    role: 'Reader',
    reader: {
      from: 'Resource Graph',
      read: async ({ connection, vm, signal }) =>
        (await import('./azure/readers/patches.ts')).readPatches(connection, vm, signal),
    },
    fact: (part) => part.patches,
    summary: summary.patchesSummary,
  }),
} satisfies { [K in EvidenceName]?: Source };

/** The posture row, in its order. */
export const postureSources = {
  alerts: postureSource({
    title: 'Defender alerts',
    label: 'Defender',
    role: 'Security Reader',
    reader: {
      from: 'Defender for Cloud',
      read: async ({ connection, vm, plan, signal }) =>
        (await import('./azure/readers/defender-alerts.ts')).readAlerts(connection, vm, plan, signal),
    },
    fact: (part) => part.posture.alerts,
    summary: summary.alertsSummary,
    lines: alertLines,
    glance: glance.alertsGlance,
  }),
  jit: postureSource({
    title: 'Just-in-time access',
    label: 'JIT',
    role: 'Security Reader',
    reader: {
      from: 'Defender for Cloud',
      read: async ({ connection, vm, plan }) => (await import('./azure/readers/jit.ts')).readJit(connection, vm, plan),
    },
    fact: (part) => part.posture.jit,
    summary: summary.jitSummary,
    lines: jitLines,
    glance: glance.jitGlance,
  }),
  backup: postureSource({
    title: 'Backup',
    label: 'Backup',
    role: 'Backup Reader',
    reader: {
      from: 'Azure Backup',
      read: async ({ connection, vm, signal }) =>
        (await import('./azure/readers/backup.ts')).readBackup(connection, vm, signal),
    },
    fact: (part) => part.posture.backup,
    summary: summary.backupSummary,
    lines: backupLines,
    glance: glance.backupGlance,
  }),
  secureScore: postureSource({
    title: 'Secure Score of the subscription (the classic one)',
    label: 'Score',
    role: 'Security Reader',
    reader: {
      from: 'Defender for Cloud',
      read: async ({ connection, vm, plan, signal }) =>
        (await import('./azure/readers/secure-score.ts')).readSecureScore(connection, vm, plan, signal),
    },
    fact: (part) => part.posture.secureScore,
    summary: summary.secureScoreSummary,
    lines: secureScoreLines,
    glance: glance.secureScoreGlance,
  }),
  recommendations: postureSource({
    title: 'Recommendations for this VM',
    label: 'Advice',
    role: 'Security Reader',
    reader: {
      from: 'Defender for Cloud',
      read: async ({ connection, vm, plan, signal }) =>
        (await import('./azure/readers/secure-score.ts')).readRecommendations(connection, vm, plan, signal),
    },
    fact: (part) => part.posture.recommendations,
    summary: summary.recommendationsSummary,
    lines: recommendationLines,
    glance: glance.recommendationsGlance,
  }),
  identity: postureSource({
    title: 'Identity',
    label: 'Identity',
    role: 'Reader',
    reader: {
      from: 'Azure Resource Manager',
      read: async ({ connection, vm, machine }) =>
        (await import('./azure/readers/identity-posture.ts')).readIdentityPosture(connection, vm, machine),
    },
    fact: (part) => part.posture.identity,
    summary: summary.identitySummary,
    lines: identityLines,
    glance: glance.identityGlance,
  }),
  software: postureSource({
    title: 'Software',
    label: 'Software',
    role: 'Security Reader',
    reader: {
      from: 'Defender for Cloud',
      read: async ({ connection, vm, plan, signal }) =>
        (await import('./azure/readers/software.ts')).readSoftware(connection, vm, plan, signal),
    },
    fact: (part) => part.posture.software,
    summary: summary.softwareSummary,
    lines: (value, part) => softwareLines(part, value),
    glance: glance.softwareGlance,
  }),
  installations: postureSource({
    title: 'Installed updates',
    label: 'Updates',
    role: 'Reader',
    reader: {
      from: 'Resource Graph',
      read: async ({ connection, vm, signal }) =>
        (await import('./azure/readers/patches.ts')).readInstallations(connection, vm, signal),
    },
    fact: (part) => part.installations,
    summary: summary.installationsSummary,
    lines: installationLines,
    glance: glance.installationsGlance,
  }),
  knownExploited: postureSource({
    title: 'Known exploited vulnerabilities',
    label: 'Exploited',
    role: 'Security Reader',
    reader: null,
    fact: (part) => part.knownExploited,
    summary: summary.knownExploitedSummary,
    lines: knownExploitedLines,
    glance: glance.knownExploitedGlance,
  }),
  activity: postureSource({
    title: 'Changes in Azure',
    label: 'Activity',
    role: 'Reader',
    reader: {
      from: 'Azure Monitor',
      read: async (asked) => (await import('./azure/readers/activity-log.ts')).readActivityAround(asked),
    },
    fact: (part) => part.posture.activity,
    summary: summary.activitySummary,
    lines: activityLines,
    glance: glance.activityGlance,
  }),
  firewall: postureSource({
    title: 'Azure Firewall',
    label: 'Firewall',
    role: 'Reader',
    reader: null,
    fact: (part) => part.posture.firewall,
    summary: summary.firewallSummary,
    lines: firewallLines,
    glance: glance.firewallGlance,
  }),
} satisfies { [K in Exclude<EvidenceName, keyof typeof questions>]: PostureSource };

export type PostureKey = keyof typeof postureSources;
/** The things of the posture row, in their order. */
export const postureKeys = Object.keys(postureSources) as PostureKey[];

/** Every kind of evidence that a triage reads: a kind without a row does not compile. */
export const sources: Record<EvidenceName, Source> = { ...questions, ...postureSources };

export const evidenceNames = Object.keys(sources) as EvidenceName[];

/** A triage of which nothing has been answered. */
export function nothingYet(vm: VirtualMachine): TriageInProgress {
  const answers = { exposure: null, logons: null, patches: null, installations: null, knownExploited: null };
  const posture = evidenceNames.filter((name) => !(name in answers)).map((name) => [name, null]);
  return {
    vm,
    ...answers,
    posture: Object.fromEntries(posture) as TriageInProgress['posture'],
    timeLine: { entries: [], unknown: [] },
    findings: [],
  };
}

/** A fact of a triage with its name and the sentence that the case file keeps about it. */
export interface NamedFact {
  /** "exposure", "posture.backup" */
  name: string;
  summary: string;
  fact: Fact<unknown>;
}

/** The facts that have arrived, each with its sentence. */
export function factsOf(part: Part): NamedFact[] {
  return evidenceNames.flatMap((name) => {
    const one = sources[name];
    const fact = one.fact(part);
    if (!fact) return [];
    const told = fact.state === 'known' ? (one.summary(part) ?? '') : `not known: ${fact.because}`;
    return {
      name: name in part.posture ? `posture.${name}` : name,
      summary: `${inWords(name)} of ${part.vm.name}: ${told}`,
      fact,
    };
  });
}
