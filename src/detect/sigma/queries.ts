import { xmlText } from '../../text/xml-text.ts';
import type { Bound, CorrelationRule, SigmaRule } from '../rule.ts';
import { shownColumns } from '../shown-columns.ts';
import { isReached } from './correlation.ts';
import { kqlName } from './kql-words.ts';
import type { Columns, Leg } from './leg.ts';
import { conditionOf } from './logsources.ts';
import { type Place, placeOf } from './places.ts';
import { RuleRefused } from './refusal.ts';
import { notSeen, type Translation } from './to-kql.ts';

/** A rule on one leg, ready to be asked. */
export interface RuleLeg {
  leg: Leg;
  columns: Columns;
  translation: Translation;
}

/** Events whose fields are as they are read; those of the others are of XML. */
const withoutXml: ReadonlySet<Leg['fields']> = new Set(['columns', 'defender', 'auditd', 'web', 'syslog']);

/** A leg's table with what it is about, and with the columns that have to be made. */
export function legText(leg: Leg, defines: ReadonlyMap<string, string>): string {
  const condition = conditionOf(leg);
  const names = [...defines.keys()];
  return [
    leg.table,
    ...(condition === '' ? [] : [`| where ${condition}`]),
    ...(defines.size === 0 ? [] : [`| extend ${[...defines].map(([name, as]) => `${name} = ${as}`).join(',\n    ')}`]),
    ...(defines.size === 0 || withoutXml.has(leg.fields)
      ? []
      : [`| extend ${names.map((name) => `${name} = ${xmlText(name)}`).join(',\n    ')}`]),
  ].join('\n');
}

/** Where the rows of a leg come from: the leg's own text, or a table that was made of it before. */
export type LegSource = (leg: Leg, defines: ReadonlyMap<string, string>) => string;

/** A rule about single events as a query over one leg. */
export const legQuery = ({ leg, translation }: RuleLeg, source: LegSource): string =>
  `${source(leg, translation.defines)}\n| where ${unbracketed(translation.condition)}`;

const unbracketed = (condition: string): string => {
  if (!condition.startsWith('(') || !condition.endsWith(')')) return condition;
  // Brackets around the whole, and not two pairs beside each other; those within texts do not count.
  const bare = condition.replace(/@"(?:[^"]|"")*"|"(?:[^"\\]|\\.)*"/g, '""');
  let depth = 0;
  for (let at = 0; at < bare.length; at++) {
    if (bare.charAt(at) === '(') depth += 1;
    if (bare.charAt(at) === ')') depth -= 1;
    if (depth === 0 && at < bare.length - 1) return condition;
  }
  return condition.slice(1, -1);
};

/** The rows of several queries together. */
export const unionOf = (queries: readonly string[]): string =>
  queries.length === 1
    ? (queries[0] ?? '')
    : `union\n${queries.map((text) => `(${text.replace(/^/gm, '  ').trim()})`).join(',\n')}`;

/** How a correlation finds what it names. */
export interface Known {
  rule(reference: string): SigmaRule | CorrelationRule | undefined;
  legs(rule: SigmaRule): readonly RuleLeg[];
  source: LegSource;
  /** Do the events of a leg have a field? Without it those are believed that the correlation names. */
  has?(leg: Leg, place: Place): boolean;
  /** Told of events that a correlation has to leave out, because they lack a field that it groups by or counts. */
  without?(because: string): void;
}

/** A correlation groups by, or counts, a field that no event has: nothing is known of what it asks. */
export class FieldNotThere extends RuleRefused {}

/** Correlations of correlations of … */
const MAX_DEPTH = 5;

const keys = (rule: CorrelationRule): string[] => rule.groupBy.map((_, i) => `Group${i + 1}`);

/** The field of a rule that a name of the correlation stands for. */
function fieldOf(name: string, correlation: CorrelationRule, reference: string): string {
  const alias = correlation.aliases.get(name);
  if (!alias) return name;
  const field = alias.get(reference);
  if (field === undefined)
    throw new RuleRefused(`the alias ${name} says nothing of the rule ${reference}`, ['correlation', 'aliases']);
  return field;
}

/** The rows of one rule that a correlation names, with their time and the texts of some fields. */
function rowsOf(reference: string, correlation: CorrelationRule, known: Known, depth: number): string[] {
  const rule = known.rule(reference);
  const path = ['correlation', 'rules'];
  if (!rule) throw new RuleRefused(`the rule ${reference} is not among the rules, or cannot be run`, path);
  const named = [...correlation.groupBy, ...correlation.fields].map((name) => fieldOf(name, correlation, reference));
  const columns = (texts: readonly string[]): string => {
    const groups = keys(correlation).map((key, i) => `${key} = ${texts[i]}`);
    const values = texts.slice(correlation.groupBy.length);
    const value =
      correlation.type === 'value_sum' || correlation.type === 'value_avg'
        ? [`Value = todouble(${values[0]})`]
        : correlation.type === 'value_count'
          ? [`Value = ${values.length === 1 ? values[0] : `tostring(pack_array(${values.join(', ')}))`}`]
          : [];
    return [...groups, ...value].join(', ');
  };
  const project = (time: string, texts: readonly string[]): string => {
    const number = correlation.rules.indexOf(reference);
    const rest = columns(texts);
    return `| project Time = ${time}, Rule = ${number}${rest === '' ? '' : `, ${rest}`}`;
  };
  if (rule.kind === 'correlation') {
    if (depth >= MAX_DEPTH) throw new RuleRefused('correlations of correlations go too deep', path);
    const texts = named.map((field) => {
      const at = rule.groupBy.indexOf(field);
      if (at < 0) throw new RuleRefused(`the correlation ${reference} is not grouped by ${field}`, path);
      return `Group${at + 1}`;
    });
    return [`${correlationQuery(rule, known, depth + 1)}\n${project('Time', texts)}`];
  }
  const legs = known.legs(rule);
  if (legs.length === 0) throw new RuleRefused(`the rule ${reference} cannot be run`, path);
  const lacking: string[] = [];
  const rows = legs.flatMap((one) => {
    const places = named.map((field) => placeIn(field, one, known));
    const missing = places.filter((place) => typeof place === 'string');
    lacking.push(...missing);
    if (missing.length > 0) return [];
    const defines = new Map(one.translation.defines);
    const texts = places.flatMap((place) => {
      if (typeof place === 'string') return [];
      if (place.define) defines.set(place.define.name, place.define.as);
      return [place.text];
    });
    return `${legQuery({ ...one, translation: { ...one.translation, defines } }, known.source)}\n${project('TimeGenerated', texts)}`;
  });
  if (rows.length === 0) throw new FieldNotThere(`the rule ${reference}: ${lacking.join('; ')}`, ['correlation']);
  for (const because of lacking) known.without?.(because);
  return rows;
}

/** Where the events of a leg have a field that a correlation groups by or counts; a sentence where they have none. */
function placeIn(field: string, { leg, columns }: RuleLeg, { has }: Known): Place | string {
  const place = placeOf(field, leg, columns);
  if (typeof place === 'string' || !has || has(leg, place)) return place;
  return `${leg.table}: ${notSeen} ${field}`;
}

/**
 * A correlation as a query. Where so many at least are asked for, it is exact for windows that may begin at any time: every
 * match opens a stretch that lasts for the timespan (of a value: until the value comes again), and what is open is counted as
 * stretches begin and end. Its rows are the times at which the count reaches what the rule asks for, with the values of the
 * groups. What a number must not exceed, or exactly be, is known of a whole window only: see `counted`.
 */
export function correlationQuery(rule: CorrelationRule, known: Known, depth = 0): string {
  if (new Set(rule.rules).size < rule.rules.length) {
    throw new RuleRefused('a rule is named twice', ['correlation', 'rules']);
  }
  const all = rule.rules.flatMap((reference) => rowsOf(reference, rule, known, depth));
  // An event without the value that is asked about counts for nothing.
  const filled = rule.type.startsWith('value_') ? ['| where isnotempty(Value)'] : [];
  if (rule.type === 'value_sum') filled.push(IN_PARTS);
  return [unionOf(all), ...filled, counted(rule)].join('\n');
}

/** The groups of a correlation, the beginning of a sort by them, and where in it another group begins, each "" without groups. */
function grouping(rule: CorrelationRule) {
  const groups = keys(rule);
  const by = groups.map((key) => `${key} asc, `).join('');
  const other = groups.map((key) => `${key} != prev(${key})`).join(' or ');
  return { groups, by, restart: other === '' ? '' : `, ${other}`, orOther: other === '' ? '' : ` or ${other}` };
}

/**
 * A number in two whole ones, which sums keep as they are: reals that are added and taken away again leave a rest of the
 * binary fractions (0.1 + 0.2 - 0.1 - 0.2 > 0). A millionth is kept of numbers up to 4e9, whose reals tell as much apart; what is
 * above 9e15 in size has no whole numbers of its own.
 */
const IN_PARTS = [
  '| extend Value = max_of(min_of(Value, 9e15), -9e15)',
  '| extend Whole = tolong(floor(Value, 1))',
  '| extend Millionths = tolong(round((Value - floor(Value, 1)) * 1000000))',
].join('\n');

const MILLION = 1_000_000;

/** A sum of such numbers, named by its columns: its whole number and the millionths beside it, which are never below 0. */
const wholeOf = (whole: string, millionths: string): string => `(${whole} + ${millionths} / ${MILLION})`;
const restOf = (millionths: string): string => `(${millionths} % ${MILLION})`;
const sumText = (whole: string, millionths: string): string =>
  `${wholeOf(whole, millionths)} + ${restOf(millionths)} / ${MILLION}.0`;

/** Whether such a sum is within a bound, digit for digit. */
function sumWithin({ operator, number }: Bound, whole: string, millionths: string): string {
  const limit = Math.floor(number);
  const rest = Math.round((number - limit) * MILLION);
  const [own, end] = [wholeOf(whole, millionths), limit + Math.floor(rest / MILLION)];
  return `iff(${own} == ${end}, ${restOf(millionths)} ${operator} ${rest % MILLION}, ${own} ${operator} ${end})`;
}

/** How a window is measured. Rules and values count once in a window, however often they come. */
const MEASURES: Record<Exclude<CorrelationRule['type'], 'temporal_ordered' | 'value_sum'>, string> = {
  event_count: 'count()',
  value_count: 'count_distinct(Value)',
  value_avg: 'avg(Value)',
  temporal: 'count_distinct(Rule)',
};

/**
 * A window begins with the first event of a group and lasts for the timespan; the next one begins with the first event after
 * it. Sigma's specification leaves the windows open where a count has an upper end ("the count must be lesser than the given value",
 * Correlation Rules 2.1.0): with windows that may begin at any time, every group would have one of a single event. The time of a
 * match is that of the window's last event.
 */
function windowed(rule: CorrelationRule, type: Exclude<CorrelationRule['type'], 'temporal_ordered'>): string {
  const { groups, by, restart } = grouping(rule);
  const sum = type === 'value_sum';
  const measures = sum ? 'Whole = sum(Whole), Millionths = sum(Millionths)' : `Count = ${MEASURES[type]}`;
  const within = rule.bounds.map((bound) =>
    sum ? sumWithin(bound, 'Whole', 'Millionths') : `Count ${bound.operator} ${bound.number}`,
  );
  return [
    `| sort by ${by}Time asc`,
    `| extend Window = row_window_session(Time, ${rule.seconds}s, ${rule.seconds}s${restart})`,
    `| summarize ${measures}, Time = max(Time) by ${[...groups, 'Window'].join(', ')}`,
    `| where ${within.join(' and ')}`,
    `| project ${['Time', ...groups, sum ? `Count = ${sumText('Whole', 'Millionths')}` : 'Count'].join(', ')}`,
  ].join('\n');
}

function counted(rule: CorrelationRule): string {
  if (rule.type === 'temporal_ordered') return inOrder(rule);
  const [bound] = rule.bounds;
  if (!bound || !isReached(rule.bounds) || rule.type === 'value_avg') return windowed(rule, rule.type);
  const { groups, by, restart } = grouping(rule);
  const end = `Time + ${rule.seconds}s + 1tick`;
  if (rule.type === 'value_sum') {
    return [
      `| extend Until = ${end}`,
      '| mv-expand Step = pack_array(1, -1) to typeof(long)',
      '| extend Time = iff(Step == 1, Time, Until), Whole = Step * Whole, Millionths = Step * Millionths',
      `| summarize Whole = sum(Whole), Millionths = sum(Millionths) by ${[...groups, 'Time'].join(', ')}`,
      `| sort by ${by}Time asc`,
      `| extend Wholes = row_cumsum(Whole${restart}), Rest = row_cumsum(Millionths${restart})`,
      `| where ${sumWithin(bound, 'Wholes', 'Rest')}`,
      `    and not(${sumWithin(bound, '(Wholes - Whole)', '(Rest - Millionths)')})`,
      `| project ${['Time', ...groups, `Count = ${sumText('Wholes', 'Rest')}`].join(', ')}`,
    ].join('\n');
  }
  const asked = (count: string): string => `${count} ${bound.operator} ${bound.number}`;
  const value = rule.type === 'event_count' ? undefined : rule.type === 'temporal' ? 'Rule' : 'Value';
  const same = [...groups, ...(value ? [value] : [])].map((key) => `next(${key}) == ${key}`).join(' and ');
  const until =
    value === undefined
      ? [`| extend Until = ${end}`]
      : [
          `| sort by ${by}${value} asc, Time asc`,
          `| extend Until = iff(${same} and next(Time) < ${end}, next(Time), ${end})`,
        ];
  return [
    ...until,
    '| mv-expand Step = pack_array(1, -1) to typeof(long)',
    '| extend Time = iff(Step == 1, Time, Until)',
    `| summarize Step = sum(Step) by ${[...groups, 'Time'].join(', ')}`,
    `| sort by ${by}Time asc`,
    `| extend Count = row_cumsum(Step${restart})`,
    `| where ${asked('Count')} and not(${asked('(Count - Step)')})`,
    `| project ${['Time', ...groups, 'Count'].join(', ')}`,
  ].join('\n');
}

/** Each step keeps the latest beginning from which it was reached, until it is reached again. */
function inOrder(rule: CorrelationRule): string {
  const { groups, by, restart, orOther } = grouping(rule);
  const last = rule.rules.length - 1;
  const steps = rule.rules
    .slice(0, last)
    .flatMap((_, step) => [
      `| extend Begun = row_window_session(${step === 0 ? 'Time' : 'Begun'}, 36500d, 36500d, Rule == ${step}${orOther}),`,
      `    Reached = row_cumsum(toint(Rule == ${step})${restart})`,
      '| where Reached > 0',
    ]);
  return [
    `| sort by ${by}Time asc, Rule asc`,
    ...steps,
    `| where Rule == ${last} and Time - Begun <= ${rule.seconds}s`,
    `| summarize Time = min(Time) by ${[...groups, 'Begun'].join(', ')}`,
    `| extend Count = ${rule.rules.length}`,
    `| project ${['Time', ...groups, 'Count'].join(', ')}`,
  ].join('\n');
}

/** The names of a correlation's columns, for people. */
export const groupNames = (rule: CorrelationRule): Map<string, string> =>
  new Map(keys(rule).map((key, i) => [key, rule.groupBy[i] ?? key]));

/** The columns of a match: where and when, and the fields that the rule asks about. */
export function projection(translation: Translation, columns: Columns): string {
  const fields = [...translation.shown].flatMap(([field, text]) => {
    const name = kqlName(field);
    if (shownColumns.includes(field)) return [];
    return [name === text ? text : `${name} = ${text}`];
  });
  const own = shownColumns.filter((name) => columns.has(name));
  return `| project ${[...new Set([...own, ...fields])].join(', ')}`;
}
