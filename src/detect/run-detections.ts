import type { Detection, DetectionsDocument } from '../documents/detections.ts';
import type { EvidenceFile } from '../evidence/evidence-files.ts';
import { type LoadedTables, loadTables, type TablePlan, type TableSchema } from '../evidence/load-tables.ts';
import type { QueryProgress } from '../evidence/run-query.ts';
import { logAnalyticsCell } from '../kql/cells.ts';
import { evaluate } from '../kql/evaluate.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { neededColumns } from '../kql/needed.ts';
import { columnsOf } from '../kql/table-schemas.ts';
import type { Column, Table } from '../kql/table.ts';
import { printable } from '../text/printable.ts';
import { levels, type CorrelationRule, type NotRun, type QueryRule, type Rule, type SigmaRule } from './rule.ts';
import { readRules, type RuleSet } from './rule-files.ts';
import { conditionOf, describeLeg, type Leg, legsOf } from './sigma/logsources.ts';
import type { Columns, Place } from './sigma/places.ts';
import {
  correlationQuery,
  groupNames,
  type Known,
  legQuery,
  legText,
  projection,
  type RuleLeg,
  shownColumns,
} from './sigma/queries.ts';
import { RuleRefused } from './sigma/refusal.ts';
import { translate } from './sigma/to-kql.ts';

export interface DetectRequest {
  /** Files and folders of rules. */
  rules: readonly string[];
  files: readonly EvidenceFile[];
  /** The value of now(), in milliseconds since 1970. */
  now: number;
  /** Matches of each rule that are kept. */
  hits: number;
}

export type DetectProgress = { stage: 'reading'; progress: QueryProgress } | { stage: 'asking'; rules: number; of: number };

type Result = Omit<DetectionsDocument, 'schema' | 'now'>;

/** Computers that are named of one detection. */
const MAX_COMPUTERS = 20;
/** Different tags that are kept of the events of one leg. */
const MAX_TAGS = 50_000;

/** The events of one log that rules are about, read once for all of them. */
interface Group {
  leg: Leg;
  name: string;
  defines: Map<string, string>;
  columns: Columns;
  table?: Table;
  has?: (place: Place) => boolean;
}

const keyOf = (leg: Leg): string => JSON.stringify([leg.table, conditionOf(leg), leg.fields]);

/** All rules over the evidence, which is read once. Throws NoRules and EvidenceError. */
export async function runDetections(
  { rules: paths, files, now, hits }: DetectRequest,
  onProgress: (progress: DetectProgress) => void,
): Promise<Result> {
  const set = await readRules(paths);
  const run = new Detections(set, new Date(now), hits);
  const loaded = await loadTables(
    files,
    (schemas) => run.plan(schemas),
    (progress) => onProgress({ stage: 'reading', progress }),
  );
  return run.over(loaded, (rules, of) => onProgress({ stage: 'asking', rules, of }));
}

class Detections {
  readonly #set: RuleSet;
  readonly #now: Date;
  readonly #hits: number;
  readonly #groups = new Map<string, Group>();
  readonly #notRun: NotRun[];
  readonly #partly: DetectionsDocument['partly'] = [];
  readonly #found: Detection[] = [];
  readonly #references = new Map<string, SigmaRule | CorrelationRule>();
  readonly #legs = new Map<SigmaRule, RuleLeg[]>();
  #run = 0;
  #serving = 0;

  constructor(set: RuleSet, now: Date, hits: number) {
    this.#set = set;
    this.#now = now;
    this.#hits = hits;
    this.#notRun = [...set.refused];
    for (const rule of set.rules) {
      if (rule.kind === 'kql') continue;
      for (const reference of [rule.id, rule.name]) if (reference !== '') this.#references.set(reference, rule);
    }
  }

  #refuse(rule: Rule, error: unknown, kind: NotRun['kind'] = 'refused'): void {
    const { file, id, title, level, line } = rule;
    const because = error instanceof Error ? error.message : String(error);
    this.#notRun.push({ file, line, id, title, level, because: printable(because, 400), kind });
  }

  /** What the rules need of the tables that the evidence has. */
  plan(schemas: readonly TableSchema[]): TablePlan {
    const columns = new Map(schemas.map((s) => [s.name, new Map(s.columns.map((c) => [c.name, c.type]))]));
    const texts = new Map<string, string[]>();
    for (const rule of this.#set.rules) {
      if (rule.kind !== 'sigma') continue;
      for (const leg of legsIfAny(rule)) {
        const own = columns.get(leg.table);
        if (!own) continue;
        const group = this.#group(leg, own);
        const translation = attempt(() => translate(rule.test, leg, own));
        if (!translation || 'never' in translation) continue;
        for (const [name, as] of translation.defines) group.defines.set(name, as);
        const used = texts.get(leg.table) ?? [];
        used.push(translation.condition, ...translation.defines.values(), ...translation.shown.values(), conditionOf(leg));
        texts.set(leg.table, used);
      }
    }
    this.#correlationFields(columns, texts);
    const needed = new Map<string, Set<string>>();
    for (const { leg } of this.#groups.values()) {
      const own = columns.get(leg.table) ?? new Map();
      const words = new Set((texts.get(leg.table) ?? []).flatMap((text) => text.match(/[\p{L}_][\p{L}\p{N}_]*|\*/gu) ?? []));
      needed.set(
        leg.table,
        new Set([...own.keys()].filter((name) => words.has('*') || words.has(name) || shownColumns.includes(name))),
      );
    }
    for (const rule of this.#set.rules) {
      if (rule.kind !== 'kql') continue;
      for (const [table, names] of attempt(() => neededColumns(rule.query, schemas)) ?? []) {
        const all = needed.get(table) ?? new Set();
        for (const name of [...names, 'TimeGenerated', 'Computer']) all.add(name);
        needed.set(table, all);
      }
    }
    return { needed, eventIds: this.#eventIds() };
  }

  /** The only event ids that matter, where every rule says which. */
  #eventIds(): ReadonlySet<number> | undefined {
    if (this.#set.rules.some((rule) => rule.kind === 'kql')) return undefined;
    const ids = new Set<number>();
    for (const { leg } of this.#groups.values()) {
      if (leg.table !== 'Event' && leg.table !== 'SecurityEvent') continue;
      if (!leg.eventIds) return undefined;
      for (const id of leg.eventIds) ids.add(id);
    }
    return ids;
  }

  #group(leg: Leg, columns: Columns): Group {
    const key = keyOf(leg);
    const known = this.#groups.get(key);
    if (known) return known;
    const group: Group = { leg, name: `Rows${this.#groups.size + 1}`, defines: new Map(), columns };
    this.#groups.set(key, group);
    return group;
  }

  /** Fields that correlations group by, or count the values of. */
  #correlationFields(columns: ReadonlyMap<string, Columns>, texts: Map<string, string[]>): void {
    const known: Known = {
      rule: (reference) => this.#references.get(reference),
      legs: (rule) =>
        legsIfAny(rule).flatMap((leg) => {
          const own = columns.get(leg.table);
          const translation = own && attempt(() => translate(rule.test, leg, own));
          return own && translation && !('never' in translation) ? [{ leg, columns: own, translation }] : [];
        }),
      source: (leg, defines) => {
        const group = this.#groups.get(keyOf(leg));
        for (const [name, as] of defines) group?.defines.set(name, as);
        texts.get(leg.table)?.push(...defines.values());
        return '';
      },
    };
    for (const rule of this.#set.rules) {
      if (rule.kind !== 'correlation') continue;
      const text = attempt(() => correlationQuery(rule, known));
      if (text !== undefined) for (const used of texts.values()) used.push(text);
    }
  }

  over(loaded: LoadedTables, onProgress: (rules: number, of: number) => void): Result {
    const byName = new Map(loaded.tables.map((table) => [table.name, table]));
    for (const group of this.#groups.values()) this.#prepare(group, byName);
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
      notes: loaded.notes,
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

  /** Takes the events of a leg out of their table, with the columns that its rules ask about. */
  #prepare(group: Group, tables: ReadonlyMap<string, Table>): void {
    const table = tables.get(group.leg.table);
    if (!table) return;
    const { name, columns, data, length } = evaluate(legText(group.leg, group.defines), [table], { now: this.#now });
    void name;
    group.table = { name: group.name, columns, data, length };
    group.has = evidenceIn(group.table);
  }

  #sigma(rule: SigmaRule, isQuiet: boolean, tables: ReadonlyMap<string, Table>): void {
    try {
      const legs = legsOf(rule.logsource);
      const ready: RuleLeg[] = [];
      const reasons: string[] = [];
      const without = new Set<string>();
      for (const leg of legs) {
        const group = this.#groups.get(keyOf(leg));
        if (!tables.has(leg.table) || !group?.table || group.table.length === 0) {
          reasons.push(`no ${describeLeg(leg)} is in the evidence`);
          continue;
        }
        const translation = translate(rule.test, leg, group.columns, group.has);
        if ('never' in translation) {
          const because = [...new Set(translation.never.values())].slice(0, 5).join(', ');
          reasons.push(`${leg.table}: ${because || 'the rule can match no event'}`);
          continue;
        }
        for (const because of translation.without.values()) without.add(`${leg.table}: ${because}`);
        ready.push({ leg, columns: group.columns, translation });
      }
      if (ready.length === 0) return this.#refuse(rule, reasons.join('; '), 'no-events');
      const results = ready.map((one) => this.#ask(one));
      this.#legs.set(rule, ready);
      if (isQuiet) {
        this.#serving += 1;
        return;
      }
      this.#run += 1;
      if (without.size > 0) {
        const { id, title, level, file, line } = rule;
        this.#partly.push({ id, title, level, file, line, without: [...without] });
      }
      this.#report(rule, results, [...new Set(ready.flatMap(({ translation }) => [...translation.unfiltered]))]);
    } catch (error) {
      if (!(error instanceof RuleRefused) && !(error instanceof KqlError)) throw error;
      this.#refuse(rule, error);
    }
  }

  #source = (leg: Leg): string => this.#groups.get(keyOf(leg))?.name ?? leg.table;

  #ask(one: RuleLeg): Table {
    const group = this.#groups.get(keyOf(one.leg));
    const query = `${legQuery(one, this.#source)}\n${projection(one.translation, one.columns)}`;
    return evaluate(query, group?.table ? [group.table] : [], { now: this.#now });
  }

  #correlation(rule: CorrelationRule, isQuiet: boolean): void {
    try {
      const known: Known = {
        rule: (reference) => this.#references.get(reference),
        legs: (named) => this.#legs.get(named) ?? [],
        source: this.#source,
      };
      const query = correlationQuery(rule, known);
      const tables = [...this.#groups.values()].flatMap(({ table }) => table ?? []);
      const table = evaluate(query, tables, { now: this.#now });
      if (isQuiet) {
        this.#serving += 1;
        return;
      }
      this.#run += 1;
      const names = groupNames(rule);
      const columns = table.columns.map((c) => ({ ...c, name: names.get(c.name) ?? c.name }));
      this.#report(rule, [{ ...table, columns }], []);
    } catch (error) {
      if (!(error instanceof RuleRefused) && !(error instanceof KqlError)) throw error;
      this.#refuse(rule, error);
    }
  }

  #query(rule: QueryRule, tables: readonly Table[]): void {
    try {
      const missing = missingTables(rule.query, tables);
      if (missing.length > 0) return this.#refuse(rule, `the evidence has no table ${missing.join(', ')}`, 'no-events');
      const result = evaluate(rule.query, tables, { now: this.#now });
      this.#run += 1;
      this.#report(rule, [result], []);
    } catch (error) {
      if (!(error instanceof KqlError)) throw error;
      this.#refuse(rule, placed(error));
    }
  }

  #report(rule: Rule, results: readonly Table[], unfiltered: readonly string[]): void {
    const rows = results.flatMap((table) => rowsOf(table));
    if (rows.length === 0) return;
    rows.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    const computers = new Set(rows.flatMap(({ computer }) => (computer === '' ? [] : [computer])));
    const times = rows.filter(({ time }) => time !== '');
    const { id, title, level, file, line, kind, techniques, tactics } = rule;
    this.#found.push({
      id,
      title,
      level,
      file,
      line,
      kind,
      techniques,
      tactics,
      count: rows.length,
      first: times[0]?.time ?? null,
      last: times.at(-1)?.time ?? null,
      computers: [...computers].slice(0, MAX_COMPUTERS).map((name) => printable(name, 200)),
      computersInAll: computers.size,
      unfiltered: [...unfiltered],
      hits: rows.slice(0, this.#hits).map(({ table, row }) => cellsOf(table, row)),
    });
  }
}

interface Row {
  table: Table;
  row: number;
  /** ISO 8601, or "" where it is not known. */
  time: string;
  computer: string;
}

function textAt(table: Table, names: readonly string[], row: number): string {
  const at = names.map((name) => table.columns.findIndex((c) => c.name === name)).find((found) => found >= 0);
  const column = at === undefined ? undefined : table.columns[at];
  if (at === undefined || !column) return '';
  const value = logAnalyticsCell(table.data[at]?.[row] ?? null, column.type);
  return value === null ? '' : String(value);
}

const rowsOf = (table: Table): Row[] =>
  Array.from({ length: table.length }, (_, row) => ({
    table,
    row,
    time: textAt(table, ['TimeGenerated', 'Time'], row),
    computer: textAt(table, ['Computer', 'ComputerName'], row),
  }));

/** Cells of one match, and of a text its beginning. */
const MAX_CELLS = 40;
const MAX_CELL = 2000;

function cellsOf(table: Table, row: number): Detection['hits'][number] {
  const cells: Detection['hits'][number] = {};
  table.columns.forEach((column: Column, i) => {
    if (Object.keys(cells).length >= MAX_CELLS) return;
    const value = logAnalyticsCell(table.data[i]?.[row] ?? null, column.type);
    if (value === null || value === '') return;
    cells[column.name] =
      typeof value === 'boolean' || typeof value === 'number' ? value : printable(typeof value === 'string' ? value : JSON.stringify(value), MAX_CELL);
  });
  return cells;
}

/** Which fields the events of a table have: names among their data, or columns that are filled. */
function evidenceIn(table: Table): (place: Place) => boolean {
  const tags = new Set<string>();
  for (const column of ['EventData', 'SyslogMessage']) {
    const data = table.data[table.columns.findIndex((c) => c.name === column)];
    for (const text of data ?? []) {
      if (typeof text !== 'string') continue;
      for (const [tag] of text.matchAll(/<[A-Za-z][^<>]*>/g)) {
        if (tags.size < MAX_TAGS) tags.add(tag.endsWith('/>') ? `${tag.slice(0, -2)}>` : tag);
      }
    }
  }
  const known = new Map<string, boolean>();
  const remembered = (key: string, find: () => boolean): boolean => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = find();
    known.set(key, found);
    return found;
  };
  const filled = (column: string): boolean =>
    remembered(`column ${column}`, () => {
      const data = table.data[table.columns.findIndex((c) => c.name === column)];
      return data?.some((value) => value !== null && value !== '') ?? false;
    });
  return ({ evidence }) => {
    if (!evidence) return true;
    if ('column' in evidence) return filled(evidence.column);
    return remembered(evidence.data.source, () => [...tags].some((tag) => evidence.data.test(tag)));
  };
}

/** Tables that a query names and the evidence does not have. */
function missingTables(query: string, tables: readonly Table[]): string[] {
  const have = new Set(tables.map(({ name }) => name));
  try {
    neededColumns(query, tables);
    return [];
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    const unknown = error.diagnostics.flatMap(({ code, message }) => (code === 'KS204' ? [/'([^']+)'/.exec(message)?.[1] ?? ''] : []));
    return [...new Set(unknown)].filter((name) => name !== '' && !have.has(name)).slice(0, 5);
  }
}

const placed = (error: KqlError): Error => {
  const [first] = error.diagnostics.filter((d) => d.severity === 'error');
  return first ? new Error(`line ${first.line}, column ${first.column}: ${first.message}`) : error;
};

function legsIfAny(rule: SigmaRule): Leg[] {
  return attempt(() => legsOf(rule.logsource)) ?? [];
}

/** The result, or nothing where a rule cannot be used: that is said where it is asked. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RuleRefused || error instanceof KqlError) return undefined;
    throw error;
  }
}

/** The queries of rules as they would run in Log Analytics, each under its title; and what has none. */
export async function queriesOf(paths: readonly string[]): Promise<{ queries: { rule: Rule; query: string }[]; notRun: NotRun[] }> {
  const { rules, refused } = await readRules(paths);
  const notRun = [...refused];
  const references = new Map<string, SigmaRule | CorrelationRule>();
  for (const rule of rules) if (rule.kind !== 'kql') for (const key of [rule.id, rule.name]) if (key) references.set(key, rule);
  const legs = (rule: SigmaRule): RuleLeg[] =>
    legsOf(rule.logsource).flatMap((leg) => {
      const columns: Columns = new Map(Object.entries(columnsOf(leg.table)));
      const translation = translate(rule.test, leg, columns);
      return 'never' in translation ? [] : [{ leg, columns, translation }];
    });
  const queries: { rule: Rule; query: string }[] = [];
  for (const rule of rules) {
    try {
      if (rule.kind === 'kql') queries.push({ rule, query: rule.query });
      else if (rule.kind === 'correlation') {
        queries.push({ rule, query: correlationQuery(rule, { rule: (name) => references.get(name), legs, source: legText }) });
      } else {
        const texts = legs(rule).map((one) => legQuery(one, legText));
        if (texts.length === 0) throw new RuleRefused('no table has the fields that it asks about');
        queries.push({
          rule,
          query: texts.length === 1 ? (texts[0] ?? '') : `union\n${texts.map((text) => `(${text.replace(/^/gm, '  ').trim()})`).join(',\n')}`,
        });
      }
    } catch (error) {
      if (!(error instanceof RuleRefused)) throw error;
      const { file, line, id, title, level } = rule;
      notRun.push({ file, line, id, title, level, because: error.message, kind: 'refused' });
    }
  }
  return { queries, notRun };
}
