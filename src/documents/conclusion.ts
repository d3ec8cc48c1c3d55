import * as z from 'zod';
import { instant } from './fact-schema.ts';
import { finding, severity, timeLineEntry } from './triage.ts';
import { verdictKinds } from './verdict-kinds.ts';

/** One line of the verdict: a statement that the evidence supports. */
const verdictLine = z.object({
  /** The kind of statement; a later reading's line of a kind replaces an earlier one's. */
  about: z.enum(verdictKinds),
  severity,
  text: z.string(),
  /** MITRE ATT&CK technique ids. */
  attack: z.array(z.string()),
  /** Paths into the triage document. */
  evidence: z.array(z.string()),
});
export type VerdictLine = z.infer<typeof verdictLine>;

/** Something that identifies the intruder, or what the intruder left, on other VMs too. */
export const indicator = z.object({
  type: z.enum(['IPv4 address', 'IPv6 address', 'account', 'service', 'scheduled task', 'security rule']),
  value: z.string(),
  /** What it did, in a few words. */
  role: z.string(),
  severity,
  /** When it was seen first and last; null where that is not known. */
  first: instant.nullable(),
  last: instant.nullable(),
  attack: z.array(z.string()),
  /** Path into the triage document. */
  evidence: z.string(),
});
export type Indicator = z.infer<typeof indicator>;

/** A recommendation that follows from a finding. */
export const recommendation = z.object({
  severity,
  /** The subject: an account, a VM, a rule. */
  about: z.string(),
  text: z.string(),
  /** The playbook that does it; "" when none does. */
  playbook: z.string(),
  /**
   * It stays to be done when a later reading no longer shows what it follows from: the responder has to ask, or to
   * look.
   */
  stays: z.boolean(),
});
export type Recommendation = z.infer<typeof recommendation>;

/** What one reading of one VM, or of exported event logs, says together; a case keeps it as the fact "conclusion". */
export const conclusion = z.object({
  schema: z.literal('cordon.conclusion/1'),
  asOf: instant,
  /** `id` is "" where it was read from files. */
  vm: z.object({ id: z.string(), name: z.string() }),
  /** The facts that were known, as a case names them: "logons", "posture.activity". */
  known: z.array(z.string()),
  verdict: z.array(verdictLine),
  timeLine: z.array(timeLineEntry),
  findings: z.array(finding),
  indicators: z.array(indicator),
  recommendations: z.array(recommendation),
});
export type Conclusion = z.infer<typeof conclusion>;
