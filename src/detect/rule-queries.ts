import { columnsOf } from '../kql/table-schemas.ts';
import { type NotRun, notRunOf, type Rule, referencesOf, type SigmaRule } from './rule.ts';
import { readRules } from './rule-files.ts';
import type { Columns } from './sigma/leg.ts';
import { legsOf } from './sigma/logsources.ts';
import { correlationQuery, legQuery, legText, type RuleLeg, unionOf } from './sigma/queries.ts';
import { RuleRefused, reasonOfFailure } from './sigma/refusal.ts';
import { translate } from './sigma/to-kql.ts';
import type { Placeholders } from './sigma/values.ts';

/** The queries of rules as they would run in Log Analytics, each under its title; and what has none. */
export async function queriesOf(
  paths: readonly string[],
  placeholders?: Placeholders,
): Promise<{ queries: { rule: Rule; query: string }[]; notRun: NotRun[] }> {
  const { rules, refused } = await readRules(paths, placeholders);
  const notRun = [...refused];
  const references = referencesOf(rules);
  const legs = (rule: SigmaRule): RuleLeg[] =>
    legsOf(rule.logsource).flatMap((leg) => {
      const columns: Columns = new Map(Object.entries(columnsOf(leg.table)));
      const translation = translate(rule.test, leg, columns);
      return 'never' in translation ? [] : [{ leg, columns, translation }];
    });
  const queries: { rule: Rule; query: string }[] = [];
  for (const rule of rules) {
    try {
      if (rule.kind === 'kql') queries.push({ rule, query: rule.query.trimStart() });
      else if (rule.kind === 'correlation') {
        queries.push({
          rule,
          query: correlationQuery(rule, { rule: (name) => references.get(name), legs, source: legText }),
        });
      } else {
        const texts = legs(rule).map((one) => legQuery(one, legText));
        if (texts.length === 0) throw new RuleRefused('no table has the fields that it asks about');
        queries.push({ rule, query: unionOf(texts) });
      }
    } catch (error) {
      notRun.push(notRunOf(rule, reasonOfFailure(error)));
    }
  }
  return { queries, notRun };
}
