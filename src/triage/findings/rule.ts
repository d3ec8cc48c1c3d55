import type { Fact } from '../../documents/fact.ts';
import type { EvidenceName, Facts, Severity } from '../../documents/triage.ts';

/** The evidence of one VM by the names that rules use; null is "not answered yet" and says nothing. */
export type Evidence = { [K in EvidenceName]: Facts[K] | null };

/** Input of the rules. */
export interface FindingFacts extends Evidence {
  os: 'windows' | 'linux';
  now: Date;
}

/** What a rule says of one VM. */
export interface Verdict {
  severity: Severity;
  /** One sentence that a responder can read aloud; text from Azure or a log in it is `printable`. */
  title: string;
  /** Paths into the triage document: "exposure.ports[0]". */
  evidence: string[];
  /** What this verdict in particular could not take into account; the frame adds what the evidence did not see. */
  unknown?: string[];
  /** In the place of the rule's own, where another answers it. */
  playbook?: string;
  /** Ids of findings that it reports in their place. */
  covers?: string[];
  /** When it ended, and by whom, where the evidence shows that it was true and is no longer. */
  closed?: { at: string; by: string };
}

/** One line of the table of rules, for a domain expert to review. */
export interface Rule {
  id: string;
  /** When it applies, as the expert would say it. */
  when: string;
  /** The severities that it can give, worst first, each with its reason. */
  severities: Partial<Record<Severity, string>>;
  /** The evidence it follows from: unknown evidence draws nothing. */
  reads: readonly EvidenceName[];
  /** Further evidence that would change the verdict; where that is unknown, the finding says so. */
  weighs?: readonly EvidenceName[];
  /** The article's practice, from 1. */
  practice: number;
  /** MITRE ATT&CK techniques. */
  attack: readonly string[];
  /** The playbook that answers it; "" when none does. */
  playbook: string;
  judge(facts: FindingFacts): Verdict | null;
}

/** The value of a fact, or null while it is not known. */
export function knownValue<T>(fact: Fact<T> | null): T | null {
  return fact?.state === 'known' ? fact.value : null;
}
