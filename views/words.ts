import type { Fact } from '../src/documents/fact.ts';
import type { ExposedPort } from '../src/documents/triage.ts';
import { count } from '../src/text/counts.ts';
import { age } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { type Line, line, span } from './line.ts';

/** All IPv4 addresses that are reachable from the Internet. */
const wholeInternet = 3_702_259_456;

/** From how much of the Internet: "whole Internet", "4,096 addresses", or the prefixes when they are few. */
export function breadthText(sources: ExposedPort['sources']): string {
  if (sources.publicAddresses >= wholeInternet) return 'whole Internet';
  if (sources.breadth === 'narrow' && sources.prefixes.length <= 2) return sources.prefixes.join(', ');
  if (sources.publicAddresses === 0 && sources.prefixes.some((prefix) => prefix.includes(':'))) {
    return sources.breadth === 'internet' ? 'whole IPv6 Internet' : 'IPv6 blocks';
  }
  return sources.publicAddresses === 1 ? '1 address' : `${count(sources.publicAddresses)} addresses`;
}

/** Facts of one VM change under one's eyes; after a quarter of an hour they are drawn as stale. */
const staleAfterSeconds = 15 * 60;

/** The age of a fact for a pane's border: `12s`, `◷ 20m`, `?`, `…`. */
export function ageNote(fact: Fact<unknown> | null, now: Date, busy: boolean, about = ''): Line {
  if (!fact) return line(span(mark.loading, 'dim'));
  if (fact.state === 'unknown') return line(span(mark.unknown, 'unknown'));
  const seconds = (now.getTime() - Date.parse(fact.asOf)) / 1000;
  const stale = seconds > staleAfterSeconds;
  const told = about === '' ? age(fact.asOf, now) : `${about} ${age(fact.asOf, now)}`;
  return line(span(`${stale ? `${mark.stale} ` : ''}${told}${busy ? ` ${mark.loading}` : ''}`, stale ? 'high' : 'dim'));
}

/** Several blanks. */
export function indent(width: number): string {
  return ' '.repeat(width);
}
