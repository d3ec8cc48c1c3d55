import { printable } from '../text/printable.ts';
import { type Level, levels, type RuleHead } from './rule.ts';

/** Texts of rules that are shown. */
const MAX_TEXT = 300;
const MAX_TAGS = 200;

export const textOf = (value: unknown): string => (typeof value === 'string' ? printable(value, MAX_TEXT).trim() : '');

const levelOf = (value: unknown): Level => {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return levels.find((level) => level === text) ?? 'none';
};

/** The texts of a list, or of a single text. */
export function textsOf(value: unknown): string[] {
  const listed = Array.isArray(value) ? value.slice(0, MAX_TAGS) : [value];
  return listed.map(textOf).filter((text) => text !== '');
}

const techniqueOf = (text: string): string | undefined => /^T\d{4}(?:\.\d{3})?$/.exec(text.toUpperCase())?.[0];

/** What a document says of itself: Sigma's keys, and those of Microsoft Sentinel's analytic rules. */
export function headOf(document: Record<string, unknown>, file: string, line: number): RuleHead {
  const attack = textsOf(document.tags).flatMap((tag) => (/^attack\./i.test(tag) ? [tag.slice('attack.'.length)] : []));
  const techniques = [...attack, ...textsOf(document.relevantTechniques)].flatMap((text) => techniqueOf(text) ?? []);
  const tactics = [
    // Groups and software are tagged in the same namespace.
    ...attack.filter((tag) => techniqueOf(tag) === undefined && !/^[gs]\d{4}$/i.test(tag)),
    ...textsOf(document.tactics).map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-')),
  ].map((name) => name.toLowerCase().replaceAll('_', '-'));
  return {
    id: textOf(document.id),
    name: textOf(document.name),
    title: textOf(document.title) || textOf(document.name) || 'without a title',
    level: levelOf(document.level ?? document.severity),
    status: textOf(document.status),
    techniques: [...new Set(techniques)],
    tactics: [...new Set(tactics)],
    file,
    line,
  };
}
