import type { TablePlan, TableSchema } from '../evidence/evidence-tables.ts';
import type { Frame } from '../kql/frame.ts';
import { neededColumns } from '../kql/needed.ts';
import type { ReadTable } from '../kql/read-table.ts';
import type { Table } from '../kql/table.ts';
import { inOneCase } from '../kql/text-match.ts';
import { eventsOf, type LegEvents } from './events-of-leg.ts';
import { fieldsThere } from './fields-there.ts';
import type { CorrelationRule, Rule, SigmaRule } from './rule.ts';
import { shownColumns } from './shown-columns.ts';
import { kqlName } from './sigma/kql-words.ts';
import type { Columns, Leg } from './sigma/leg.ts';
import { conditionOf, legsOf } from './sigma/logsources.ts';
import type { KnownColumn, KnownValues } from './sigma/may-match.ts';
import { type Place, placeOf } from './sigma/places.ts';
import { correlationQuery, type Known, legText } from './sigma/queries.ts';
import { translate } from './sigma/to-kql.ts';

/** The events of one log that rules are about, read once for all of them. */
interface Group {
  leg: Leg;
  name: string;
  defines: Map<string, string>;
  columns: Columns;
  events?: LegEvents;
  has?: (place: Place) => boolean;
  /** What the columns of the events hold, by the field of a rule. */
  values?: KnownValues;
}

const keyOf = (leg: Leg): string => JSON.stringify([leg.table, conditionOf(leg), leg.fields]);

/** The logs that rules are about: what they need of the evidence, and, once that is read, the events of each. */
export class LegGroups {
  readonly #rules: readonly Rule[];
  readonly #references: ReadonlyMap<string, SigmaRule | CorrelationRule>;
  readonly #groups = new Map<string, Group>();
  #needed: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  constructor(rules: readonly Rule[], references: ReadonlyMap<string, SigmaRule | CorrelationRule>) {
    this.#rules = rules;
    this.#references = references;
  }

  of(leg: Leg): Group | undefined {
    return this.#groups.get(keyOf(leg));
  }

  /** The events of all logs, each as a table. */
  tables(): ReadTable[] {
    return [...this.#groups.values()].flatMap(({ events }) => events?.table ?? []);
  }

  /** Takes the events of each log out of the tables that were read. */
  fill(tables: ReadonlyMap<string, Table>, now: Date): void {
    for (const group of this.#groups.values()) this.#prepare(group, tables, now);
  }

  /** What the rules need of the tables that the evidence has. */
  plan(schemas: readonly TableSchema[]): TablePlan {
    const columns = new Map(schemas.map((s) => [s.name, new Map(s.columns.map((c) => [c.name, c.type]))]));
    const texts = new Map<string, string[]>();
    for (const rule of this.#rules) {
      if (rule.kind !== 'sigma') continue;
      for (const leg of legsIfAny(rule)) {
        const own = columns.get(leg.table);
        if (!own) continue;
        const group = this.#group(leg, own);
        const translation = attempt(() => translate(rule.test, leg, own));
        if (!translation || 'never' in translation) continue;
        for (const [name, as] of translation.defines) group.defines.set(name, as);
        const used = texts.get(leg.table) ?? [];
        used.push(
          translation.condition,
          ...translation.defines.values(),
          ...translation.shown.values(),
          conditionOf(leg),
        );
        texts.set(leg.table, used);
      }
    }
    this.#correlationFields(columns, texts);
    const needed = new Map<string, Set<string>>();
    for (const table of new Set([...this.#groups.values()].map(({ leg }) => leg.table))) {
      const words = wordsOf(texts.get(table) ?? []);
      const own = [...(columns.get(table)?.keys() ?? [])];
      needed.set(table, new Set(own.filter((name) => words.has(name) || shownColumns.includes(name))));
    }
    for (const rule of this.#rules) {
      if (rule.kind !== 'kql') continue;
      for (const [table, names] of attempt(() => neededColumns(rule.query, schemas)) ?? []) {
        const all = needed.get(table) ?? new Set();
        for (const name of [...names, 'TimeGenerated', 'Computer']) all.add(name);
        needed.set(table, all);
      }
    }
    this.#needed = needed;
    return { needed, eventIds: this.#eventIds() };
  }

  /** The only event ids that matter, where every rule says which. */
  #eventIds(): ReadonlySet<number> | undefined {
    if (this.#rules.some((rule) => rule.kind === 'kql')) return undefined;
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
    for (const rule of this.#rules) {
      if (rule.kind !== 'correlation') continue;
      const text = attempt(() => correlationQuery(rule, known));
      if (text !== undefined) for (const used of texts.values()) used.push(text);
    }
  }

  /** Takes the events of a leg out of their table, with the columns that its rules ask about. */
  #prepare(group: Group, tables: ReadonlyMap<string, Table>, now: Date): void {
    const table = tables.get(group.leg.table);
    if (!table) return;
    const wanted = new Set([...(this.#needed.get(table.name) ?? []), ...group.defines.keys()]);
    group.events = eventsOf(legText(group.leg, group.defines), table, wanted, group.name, now);
    group.has = fieldsThere(group.events.frame);
    group.values = knownValues(group.events.frame, group.leg, group.columns);
  }
}

/** Values of a column beyond which they are not looked at before a rule is asked. */
const MAX_VALUES = 20_000;

/** The different values of the columns that fields of rules are in, each made when it is first asked for. */
function knownValues({ names, vectors }: Frame, leg: Leg, columns: Columns): KnownValues {
  const known = new Map<string, KnownColumn | undefined>();
  return (field) => {
    if (!known.has(field)) {
      const place = placeOf(field, leg, columns);
      const plain = typeof place === 'object' && !place.alone && !place.also && !place.never ? place : undefined;
      const vector = vectors[names.findIndex((name) => plain && kqlName(name) === (plain.whole ?? plain.text))];
      known.set(field, vector && vector.values.length <= MAX_VALUES ? columnOf(vector) : undefined);
    }
    return known.get(field);
  };
}

function columnOf({ type, values }: Frame['vectors'][number]): KnownColumn | undefined {
  if (type === 'string') return { texts: [...new Set(values.map((value) => inOneCase(String(value))))] };
  if (type === 'int') return { numbers: new Set(values.map(Number)) };
  return undefined;
}

/** Whatever in some texts may be the name of a column. */
function wordsOf(texts: readonly string[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const text of texts) for (const [word] of text.matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu)) words.add(word);
  return words;
}

function legsIfAny(rule: SigmaRule): Leg[] {
  return attempt(() => legsOf(rule.logsource)) ?? [];
}

/** The result, or nothing where a rule cannot be used: that is said where it is asked. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
