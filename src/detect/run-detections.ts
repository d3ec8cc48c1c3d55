import type { Detection, DetectionsDocument } from '../documents/detections.ts';
import type { EvidenceFile } from '../evidence/evidence-files.ts';
import { type LoadedTables, loadTables } from '../evidence/load-tables.ts';
import type { QueryProgress } from '../evidence/reading.ts';
import { evaluate } from '../kql/evaluate.ts';
import { FoldedTexts } from '../kql/folded-texts.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { neededColumns } from '../kql/needed.ts';
import { NO_TABLE } from '../kql/scope.ts';
import type { Table } from '../kql/table.ts';
import { counted, listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { LegGroups } from './leg-groups.ts';
import { detectionOf } from './matches.ts';
import {
  type CorrelationRule,
  levels,
  type NotRun,
  notRunOf,
  type QueryRule,
  type Rule,
  referencesOf,
  type SigmaRule,
} from './rule.ts';
import { type RuleSet, readRules } from './rule-files.ts';
import type { Leg } from './sigma/leg.ts';
import { describeLeg, legsOf } from './sigma/logsources.ts';
import { mayMatch } from './sigma/may-match.ts';
import {
  correlationQuery,
  FieldNotThere,
  groupNames,
  type Known,
  legQuery,
  projection,
  type RuleLeg,
} from './sigma/queries.ts';
import { RuleRefused, reasonOfFailure } from './sigma/refusal.ts';
import { notSeen, translate } from './sigma/to-kql.ts';
import type { Placeholders } from './sigma/values.ts';

export interface DetectRequest {
  /** Files and folders of rules. */
  rules: readonly string[];
  files: readonly EvidenceFile[];
  /** The value of now(), in milliseconds since 1970. */
  now: number;
  /** Matches of each rule that are kept. */
  hits: number;
  /** Values for the placeholders of rules. */
  placeholders?: Placeholders;
}

export type DetectProgress =
  | { stage: 'reading'; progress: QueryProgress }
  | { stage: 'asking'; rules: number; of: number };

export type DetectResult = Omit<DetectionsDocument, 'schema' | 'now'>;

/** All rules over the evidence, which is read once. Throws NoRules and EvidenceError. */
export async function runDetections(
  { rules: paths, files, now, hits, placeholders }: DetectRequest,
  onProgress: (progress: DetectProgress) => void,
): Promise<DetectResult> {
  const set = await readRules(paths, placeholders);
  const run = new Detections(set, new Date(now), hits);
  const loaded = await loadTables(
    files,
    (schemas) => run.groups.plan(schemas),
    (progress) => onProgress({ stage: 'reading', progress }),
  );
  return run.over(loaded, (rules, of) => onProgress({ stage: 'asking', rules, of }));
}

class Detections {
  readonly #set: RuleSet;
  readonly #now: Date;
  readonly #hits: number;
  readonly groups: LegGroups;
  readonly #notRun: NotRun[];
  readonly #partly: DetectionsDocument['partly'] = [];
  readonly #found: Detection[] = [];
  readonly #references: ReadonlyMap<string, SigmaRule | CorrelationRule>;
  readonly #legs = new Map<SigmaRule, RuleLeg[]>();
  readonly #folded = new FoldedTexts();
  #run = 0;
  #serving = 0;

  constructor(set: RuleSet, now: Date, hits: number) {
    this.#set = set;
    this.#now = now;
    this.#hits = hits;
    this.#notRun = [...set.refused];
    this.#references = referencesOf(set.rules);
    this.groups = new LegGroups(set.rules, this.#references);
  }

  #refuse(rule: Rule, error: unknown, kind: NotRun['kind'] = 'refused'): void {
    this.#notRun.push(notRunOf(rule, printable(reasonOfFailure(error), 400), kind));
  }

  over(loaded: LoadedTables, onProgress: (rules: number, of: number) => void): DetectResult {
    const byName = new Map(loaded.tables.map((table) => [table.name, table]));
    this.groups.fill(byName, this.#now);
    const quiet = this.#onlyServing();
    const { rules } = this.#set;
    rules.forEach((rule, i) => {
      if (i % 50 === 0) onProgress(i, rules.length);
      if (rule.kind === 'sigma') this.#sigma(rule, quiet.has(rule), byName);
    });
    // Correlations need to know which of the others can be run.
    for (const rule of rules) if (rule.kind === 'correlation') this.#correlation(rule, quiet.has(rule));
    for (const rule of rules) if (rule.kind === 'kql') this.#query(rule, loaded.tables);
    this.#found.sort(
      (a, b) => levels.indexOf(a.level) - levels.indexOf(b.level) || b.count - a.count || (a.title < b.title ? -1 : 1),
    );
    const of = (kind: NotRun['kind']) => this.#notRun.filter((one) => one.kind === kind).length;
    return {
      source: { files: loaded.files, tables: loaded.read },
      rules: {
        files: this.#set.files,
        run: this.#run,
        partly: this.#partly.length,
        serving: this.#serving,
        noEvents: of('no-events'),
        refused: of('refused'),
      },
      detections: this.#found,
      partly: this.#partly,
      notRun: this.#notRun,
      notes: [
        ...loaded.notes,
        ...(this.#set.narrowed > 0
          ? [`${counted(this.#set.narrowed, 'rule')} of Sigma leave out what filters name`]
          : []),
      ],
    };
  }

  /** Rules that correlations name are not reported by themselves, unless one of these asks for it. */
  #onlyServing(): ReadonlySet<Rule> {
    const named = new Set<Rule>();
    const generated = new Set<Rule>();
    for (const rule of this.#set.rules) {
      if (rule.kind !== 'correlation') continue;
      for (const reference of rule.rules) {
        const found = this.#references.get(reference);
        if (found) (rule.generate ? generated : named).add(found);
      }
    }
    return new Set([...named].filter((rule) => !generated.has(rule)));
  }

  #sigma(rule: SigmaRule, isQuiet: boolean, tables: ReadonlyMap<string, Table>): void {
    try {
      const legs = legsOf(rule.logsource);
      const ready: RuleLeg[] = [];
      const reasons: string[] = [];
      const without = new Set<string>();
      for (const leg of legs) {
        const group = this.groups.of(leg);
        if (!tables.has(leg.table) || !group?.events || group.events.frame.length === 0) {
          reasons.push(`no ${describeLeg(leg)} is in the evidence`);
          continue;
        }
        const translation = translate(rule.test, leg, group.columns, group.has);
        if ('never' in translation) {
          reasons.push(`${leg.table}: ${reasonOf(translation.never) || 'the rule can match no event'}`);
          continue;
        }
        if (translation.without.size > 0) without.add(`${leg.table}: ${reasonOf(translation.without)}`);
        ready.push({ leg, columns: group.columns, translation });
      }
      if (ready.length === 0) {
        this.#refuse(rule, new RuleRefused(reasons.join('; ')), 'no-events');
        return;
      }
      const results = ready.flatMap((one) => (this.#mayMatch(rule, one) ? [this.#ask(one)] : []));
      this.#legs.set(rule, ready);
      if (isQuiet) {
        this.#serving += 1;
        return;
      }
      this.#run += 1;
      this.#askPartly(rule, without);
      this.#report(rule, results, [...new Set(ready.flatMap(({ translation }) => [...translation.unfiltered]))]);
    } catch (error) {
      this.#refuse(rule, error);
    }
  }

  #source = (leg: Leg): string => this.groups.of(leg)?.name ?? leg.table;

  #mayMatch(rule: SigmaRule, { leg }: RuleLeg): boolean {
    const values = this.groups.of(leg)?.values;
    return !values || mayMatch(rule.test, values);
  }

  #ask(one: RuleLeg): Table {
    const events = this.groups.of(one.leg)?.events;
    const query = `${legQuery(one, this.#source)}\n${projection(one.translation, one.columns)}`;
    return evaluate(query, events ? [events.table] : [], { now: this.#now, folded: this.#folded });
  }

  #correlation(rule: CorrelationRule, isQuiet: boolean): void {
    const without = new Set<string>();
    try {
      const known: Known = {
        rule: (reference) => this.#references.get(reference),
        legs: (named) => this.#legs.get(named) ?? [],
        source: this.#source,
        has: (leg, place) => this.groups.of(leg)?.has?.(place) ?? true,
        without: (because) => without.add(because),
      };
      const want = this.#withoutEvents(rule);
      if (want !== undefined) {
        this.#refuse(rule, new RuleRefused(want), 'no-events');
        return;
      }
      const query = correlationQuery(rule, known);
      const table = evaluate(query, this.groups.tables(), { now: this.#now, folded: this.#folded });
      if (isQuiet) {
        this.#serving += 1;
        return;
      }
      this.#run += 1;
      this.#askPartly(rule, without);
      const names = groupNames(rule);
      const columns = table.columns.map((c) => ({ ...c, name: names.get(c.name) ?? c.name }));
      this.#report(rule, [{ ...table, columns }], []);
    } catch (error) {
      this.#refuse(rule, error, error instanceof FieldNotThere ? 'no-events' : 'refused');
    }
  }

  #askPartly({ id, title, level, file, line }: Rule, without: ReadonlySet<string>): void {
    if (without.size > 0) this.#partly.push({ id, title, level, file, line, without: [...without] });
  }

  /** Why a correlation cannot be asked for want of events of a rule that it names; undefined when it can. */
  #withoutEvents(rule: CorrelationRule): string | undefined {
    for (const reference of rule.rules) {
      const named = this.#references.get(reference);
      const found = this.#notRun.find(
        (one) => one.kind === 'no-events' && one.file === named?.file && one.line === named.line,
      );
      if (found) return `the rule ${reference}: ${found.because}`;
    }
    return undefined;
  }

  #query(rule: QueryRule, tables: readonly Table[]): void {
    try {
      const missing = missingTables(rule.query, tables);
      if (missing.length > 0) {
        this.#refuse(rule, new RuleRefused(`the evidence has no table ${missing.join(', ')}`), 'no-events');
        return;
      }
      const result = evaluate(rule.query, tables, { now: this.#now });
      this.#run += 1;
      this.#report(rule, [result], []);
    } catch (error) {
      if (!(error instanceof KqlError)) this.#refuse(rule, error);
      else if (error.diagnostics.some(({ code }) => code === NO_TABLE)) this.#refuse(rule, placed(error), 'no-events');
      else this.#refuse(rule, placed(error));
    }
  }

  #report(rule: Rule, results: readonly Table[], unfiltered: readonly string[]): void {
    const detection = detectionOf(rule, results, unfiltered, this.#hits);
    if (detection) this.#found.push(detection);
  }
}

/** Why fields are not there: those that no event has together, each of the others with its own reason. */
function reasonOf(without: ReadonlyMap<string, string>): string {
  const unseen = [...without].flatMap(([field, because]) => (because === notSeen ? [field] : []));
  const others = [...new Set(without.values())].filter((because) => because !== notSeen);
  return [...(unseen.length > 0 ? [`${notSeen} ${listed(unseen, 5)}`] : []), ...others.slice(0, 5)].join('; ');
}

/** Tables that a query names and the evidence does not have. */
function missingTables(query: string, tables: readonly Table[]): string[] {
  const have = new Set(tables.map(({ name }) => name));
  try {
    neededColumns(query, tables);
    return [];
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    const unknown = error.diagnostics.flatMap(({ code, message }) =>
      code === 'KS204' ? [/'([^']+)'/.exec(message)?.[1] ?? ''] : [],
    );
    return [...new Set(unknown)].filter((name) => name !== '' && !have.has(name)).slice(0, 5);
  }
}

const placed = (error: KqlError): Error => {
  const [first] = error.diagnostics.filter((d) => d.severity === 'error');
  return first ? new RuleRefused(`line ${first.line}, column ${first.column}: ${first.message}`) : error;
};
