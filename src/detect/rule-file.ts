import { isMap, isNode, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { printable } from '../text/printable.ts';
import { type LogSource, type NotRun, notRunOf, type Rule, type RuleHead } from './rule.ts';
import { headOf } from './rule-head.ts';
import { readCorrelation } from './sigma/correlation.ts';
import { readDetection } from './sigma/detection.ts';
import { type Filter, readFilter } from './sigma/filters.ts';
import { isRecord } from './sigma/record.ts';
import { RuleRefused, reasonOfFailure } from './sigma/refusal.ts';
import type { Placeholders } from './sigma/values.ts';

/** The largest rule file in bytes, and the most documents in one. */
export const largestRuleFile = 1024 * 1024;
const MAX_DOCUMENTS = 200;
/** A value that is written once and used often must not grow without bound. */
const MAX_ALIASES = 100;

/** What a file holds. */
export interface RuleFile {
  rules: Rule[];
  filters: Filter[];
  refused: NotRun[];
}

/** The node at the path, or the last one on the way there. */
function nodeAt(root: unknown, path: readonly (string | number)[]): Node | undefined {
  let node = isNode(root) ? root : undefined;
  for (const part of path) {
    const next: unknown = isMap(node) ? node.get(part, true) : isSeq(node) ? node.get(part, true) : undefined;
    if (!isNode(next)) break;
    node = next;
  }
  return node;
}

const refusal = (head: RuleHead, line: number, because: string): NotRun =>
  notRunOf({ ...head, line }, printable(because, 400));

function logsourceOf({ logsource }: Record<string, unknown>): LogSource {
  if (!isRecord(logsource)) throw new RuleRefused('the rule has no logsource', ['logsource']);
  const part = (name: string): string => (typeof logsource[name] === 'string' ? logsource[name].toLowerCase() : '');
  return { product: part('product'), category: part('category'), service: part('service') };
}

/** A document as a rule, or as a filter for others. Throws RuleRefused. */
function ruleOf(head: RuleHead, document: Record<string, unknown>, placeholders: Placeholders): Rule | Filter {
  if (document.taxonomy !== undefined && document.taxonomy !== 'sigma') {
    throw new RuleRefused('the taxonomy is another than Sigma’s own', ['taxonomy']);
  }
  if (document.filter !== undefined) return readFilter(document.filter, logsourceOf(document), placeholders);
  if (document.correlation !== undefined) return readCorrelation(head, document.correlation, document.generate);
  if (typeof document.query === 'string') return { ...head, kind: 'kql', query: document.query };
  if (document.detection === undefined) throw new RuleRefused('neither a Sigma rule nor an analytic rule with a query');
  const logsource = logsourceOf(document);
  return { ...head, kind: 'sigma', logsource, test: readDetection(document.detection, placeholders) };
}

/** One map with what another one says over it, also within the maps that both have. */
function overlaid(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const all = new Map(Object.entries(below));
  for (const [name, value] of Object.entries(above)) {
    const before = all.get(name);
    all.set(name, isRecord(value) ? overlaid(isRecord(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(all);
}

/**
 * Documents that are parts of rules, as they were before Sigma 2: `global` is part of each rule that follows, until `reset`; `repeat` is
 * the rule before it with something else (pySigma, sigma/collection.py, read 2026-11-30). Correlations and filters stand for themselves.
 */
class Collection {
  #global: Record<string, unknown> = {};
  #before: Record<string, unknown> = {};

  /** The rule that a document is; undefined where it is only a part of others. Throws RuleRefused. */
  ruleOf({ action, ...document }: Record<string, unknown>): Record<string, unknown> | undefined {
    switch (action) {
      case undefined:
        if (document.correlation !== undefined || document.filter !== undefined) return document;
        this.#before = overlaid(document, this.#global);
        return this.#before;
      case 'global':
        this.#global = document;
        this.#before = document;
        return undefined;
      case 'reset':
        this.#global = {};
        return undefined;
      case 'repeat':
        this.#before = overlaid(this.#before, document);
        return this.#before;
      default:
        throw new RuleRefused('the action is none of global, reset, repeat', ['action']);
    }
  }
}

/** The rules of a YAML file; what cannot be used is named with its line. Never throws for what is in the file. */
export function readRuleFile(file: string, source: string, placeholders: Placeholders): RuleFile {
  const lines = new LineCounter();
  const rules: Rule[] = [];
  const filters: Filter[] = [];
  const refused: NotRun[] = [];
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const nothing = headOf({ title: 'a file of rules' }, file, 1);
  const documents = parseAllDocuments(source, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents) || documents.length === 0)
    return { rules, filters, refused: [refusal(nothing, 1, 'the file is empty')] };
  if (documents.length > MAX_DOCUMENTS) {
    return { rules, filters, refused: [refusal(nothing, 1, `the file has more than ${MAX_DOCUMENTS} documents`)] };
  }
  const collection = new Collection();
  for (const document of documents) {
    const from = lineOf(document.contents?.range?.[0] ?? document.range[0]);
    const [broken] = document.errors;
    let value: unknown;
    try {
      if (broken) throw new RuleRefused(`not YAML: ${broken.message}`);
      value = document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      const at = broken ? lineOf(broken.pos[0]) : from;
      refused.push(refusal(nothing, at, error instanceof Error ? error.message : String(error)));
      continue;
    }
    if (value === null && documents.length > 1) continue;
    let head = headOf(isRecord(value) ? value : {}, file, from);
    try {
      if (!isRecord(value)) throw new RuleRefused('neither a Sigma rule nor an analytic rule with a query');
      const whole = collection.ruleOf(value);
      if (!whole) continue;
      head = headOf(whole, file, from);
      const read = ruleOf(head, whole, placeholders);
      if ('kind' in read) rules.push(read);
      else filters.push(read);
    } catch (error) {
      const path = error instanceof RuleRefused ? error.path : [];
      const place = nodeAt(document.contents, path)?.range?.[0];
      refused.push(refusal(head, place === undefined ? from : lineOf(place), reasonOfFailure(error)));
    }
  }
  return { rules, filters, refused };
}
