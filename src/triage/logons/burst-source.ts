import type { Burst } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';

/** "203.0.113.77", "15 addresses", "an unknown source (203.0.113.9 connected at the same time)" */
export function burstSource({ sources, distinctSources, witnesses }: Burst): string {
  const distinct = distinctSources ?? sources.length;
  if (distinct > 1) return `${count(distinct)} addresses`;
  const address = printable(sources[0]?.address ?? '-', 45);
  if (address !== '-') return address;
  const seen = witnesses?.[0]?.address;
  return `an unknown source${seen === undefined ? '' : ` (${printable(seen, 45)} connected at the same time)`}`;
}
