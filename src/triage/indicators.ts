import ipaddr from 'ipaddr.js';
import { burstKinds } from '../documents/burst-kinds.ts';
import type { Indicator } from '../documents/conclusion.ts';
import { mergedIndicators } from '../documents/merged-indicators.ts';
import type { Logons, Made } from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { openings } from './findings/activity.ts';
import { knownValue } from './findings/rule.ts';
import type { TriageInProgress } from './in-progress.ts';
import { resourceText } from './time-line.ts';

/** Of each burst, the sources and accounts with the most failures that become indicators. */
const most = 25;

function addressType(text: string): 'IPv4 address' | 'IPv6 address' | null {
  if (!ipaddr.isValid(text)) return null;
  return ipaddr.parse(text).kind() === 'ipv4' ? 'IPv4 address' : 'IPv6 address';
}

function address(text: string, rest: Omit<Indicator, 'type' | 'value'>): Indicator[] {
  const type = addressType(text);
  return type === null ? [] : [{ type, value: text, ...rest }];
}

function ofLogons({ bursts }: Logons): Indicator[] {
  return bursts.flatMap((burst, index): Indicator[] => {
    const path = `logons.bursts[${index}]`;
    const technique = burstKinds[burst.kind].technique;
    const won = burst.success.state === 'known' ? burst.success.value : null;
    const span = { first: burst.start, last: burst.end, attack: [technique], evidence: path };
    return [
      ...(won
        ? [
            ...address(won.address, {
              ...span,
              role: `logged on as ${won.account} after ${count(burst.failures)} failures`,
              severity: 'critical',
              last: won.at,
              attack: [technique, 'T1078'],
            }),
            {
              type: 'account' as const,
              value: won.account,
              role: `used by the intruder, from ${won.address}`,
              severity: 'critical' as const,
              first: won.at,
              last: won.at,
              attack: ['T1078'],
              evidence: `${path}.success`,
            },
          ]
        : []),
      ...burst.sources
        .slice(0, most)
        .flatMap(({ address: source, failures }) =>
          address(source, { ...span, role: `${count(failures)} failed logons`, severity: 'medium' }),
        ),
      ...burst.next.flatMap(({ at, made }, place): Indicator[] =>
        made
          ? [
              {
                type: made.kind,
                value: made.name,
                role: 'made after the logon',
                severity: 'critical',
                first: at,
                last: at,
                attack: madeTechnique[made.kind],
                evidence: `${path}.next[${place}]`,
              },
            ]
          : [],
      ),
    ];
  });
}

const madeTechnique = {
  account: ['T1136.001'],
  service: ['T1543.003'],
  'scheduled task': ['T1053.005'],
} satisfies Record<Made['kind'], string[]>;

/** Who opened the way in, and with what. */
function ofOpenings(part: TriageInProgress): Indicator[] {
  return openings({ activity: knownValue(part.posture.activity), exposure: part.exposure }).flatMap(
    ({ index, entry }): Indicator[] => {
      const rest = {
        severity: 'high' as const,
        first: entry.at,
        last: entry.at,
        attack: entry.attack,
        evidence: `posture.activity.entries[${index}]`,
      };
      const what = resourceText(entry.resource);
      return [
        ...(entry.caller === ''
          ? []
          : [{ type: 'account' as const, value: entry.caller, role: `wrote ${what}`, ...rest }]),
        ...address(entry.address, { role: `from where ${what} was written`, ...rest }),
        { type: 'security rule', value: what, role: 'opened the way in', ...rest },
      ];
    },
  );
}

function ofAlerts(part: TriageInProgress): Indicator[] {
  return (knownValue(part.posture.alerts)?.alerts ?? []).flatMap((alert, index) =>
    alert.entities.addresses.slice(0, most).flatMap((text) =>
      address(text, {
        role: `named by Defender: ${alert.name}`,
        severity: /high/i.test(alert.severity) ? 'high' : 'medium',
        first: alert.startAt ?? alert.at,
        last: alert.endAt ?? alert.at,
        attack: alert.techniques,
        evidence: `posture.alerts.alerts[${index}]`,
      }),
    ),
  );
}

/** What identifies the intruder elsewhere: addresses, accounts, what was left behind, the rule that opened the way. */
export function indicatorsOf(part: TriageInProgress): Indicator[] {
  const logons = knownValue(part.logons);
  const all = [...(logons ? ofLogons(logons) : []), ...ofOpenings(part), ...ofAlerts(part)];
  return mergedIndicators(all).map((one) => ({
    ...one,
    value: printable(one.value, 256),
    role: printable(one.role, 200),
  }));
}
