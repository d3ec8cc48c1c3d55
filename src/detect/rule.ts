import type { Test } from './sigma/tests.ts';

/** How bad a match is, worst first; `none` where the rule does not say. */
export const levels = ['critical', 'high', 'medium', 'none', 'low', 'informational'] as const;
export type Level = (typeof levels)[number];

/** What every rule says of itself. The texts are as the file has them: untrusted. */
export interface RuleHead {
  id: string;
  /** What correlations call it. */
  name: string;
  title: string;
  level: Level;
  status: string;
  /** ATT&CK: T1110.003. */
  techniques: string[];
  /** ATT&CK: credential-access. */
  tactics: string[];
  file: string;
  /** Where its document begins, from 1. */
  line: number;
}

export interface LogSource {
  product: string;
  category: string;
  service: string;
}

/** A Sigma rule about single events. */
export interface SigmaRule extends RuleHead {
  kind: 'sigma';
  logsource: LogSource;
  test: Test;
}

export const correlationTypes = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'temporal',
  'temporal_ordered',
] as const;

/** What a count, a sum or an average has to be. */
export interface Bound {
  operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  number: number;
}

/** A Sigma rule about several events within a time. */
export interface CorrelationRule extends RuleHead {
  kind: 'correlation';
  type: (typeof correlationTypes)[number];
  /** Ids or names of the rules whose events it is about. */
  rules: string[];
  groupBy: string[];
  /** By alias, the field of each rule that it stands for. */
  aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  seconds: number;
  /** Of events, values or rules, or of what their values come to: all of these hold for a match. */
  bounds: readonly Bound[];
  /** The fields whose values are counted, or the one whose values are added up. */
  fields: string[];
  /** Are the rules it names reported by themselves, too? */
  generate: boolean;
}

/** A query in KQL, such as Microsoft Sentinel's analytic rules have. */
export interface QueryRule extends RuleHead {
  kind: 'kql';
  query: string;
}

export type Rule = SigmaRule | CorrelationRule | QueryRule;

/** The rules that correlations can name, by id and by name. */
export function referencesOf(rules: readonly Rule[]): ReadonlyMap<string, SigmaRule | CorrelationRule> {
  const references = new Map<string, SigmaRule | CorrelationRule>();
  for (const rule of rules) {
    if (rule.kind === 'kql') continue;
    for (const reference of [rule.id, rule.name]) if (reference !== '') references.set(reference, rule);
  }
  return references;
}

/** A rule that is not run, and why. */
export interface NotRun extends Pick<RuleHead, 'file' | 'line' | 'id' | 'title' | 'level'> {
  because: string;
  /** `refused`: not understood. `no-events`: the evidence has nothing that it is about. */
  kind: 'refused' | 'no-events';
}

/** A rule that is not run, of whose head only what names it is kept. */
export function notRunOf(head: RuleHead, because: string, kind: NotRun['kind'] = 'refused'): NotRun {
  const { file, line, id, title, level } = head;
  return { file, line, id, title, level, because, kind };
}
