import type { Finding } from '../../documents/triage.ts';

/** The most that a finding lists of what it did not see. */
export const mostUnknown = 12;

/** Does one finding rest on all of another's evidence and more, and name all of its techniques? Then it reports it too. */
function covers(one: Finding, other: Finding): boolean {
  return (
    one.closed === undefined &&
    other.closed === undefined &&
    one.evidence.length > other.evidence.length &&
    other.evidence.every((path) => one.evidence.includes(path)) &&
    other.attack.every((technique) => one.attack.includes(technique))
  );
}

/**
 * Each fact once, for every screen, report and exit code: a finding goes where a worse one, or one before it, covers it.
 * The one that stays names it in `covers` and takes over what it did not see; its evidence is in there already.
 */
export function eachFactOnce(worstFirst: readonly Finding[]): Finding[] {
  const kept: Finding[] = [];
  for (const finding of worstFirst) {
    const at = kept.findIndex((one) => covers(one, finding));
    const over = kept[at];
    if (!over) {
      kept.push(finding);
      continue;
    }
    kept[at] = {
      ...over,
      unknown: [...new Set([...over.unknown, ...finding.unknown])].slice(0, mostUnknown),
      covers: [...new Set([...(over.covers ?? []), finding.id, ...(finding.covers ?? [])])],
    };
  }
  return kept;
}
