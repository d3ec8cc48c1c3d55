import type { Json } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { briefly } from '../../azure/client/failure.ts';
import { jitEntryOf, jitGrantsOf, readJitPolicies } from '../../azure/readers/jit-policies.ts';
import { type Opening, ruleText } from '../../network/reach.ts';
import { cidrsV4, onInternetV4, sizeV4 } from '../../network/sets/address-set.ts';
import { BIT, WITH_PORTS } from '../../network/sets/protocols.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { count, listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { portEdges, portRanges, type ReachReading, wayIn } from '../network-reach.ts';
import type { LockRule, LockSettings } from './lock-settings.ts';

/** What a lock would leave open, and whom it would shut out. */
export interface Outlook {
  /** Why the lock is not made; "" when it can be. */
  refused: string;
  warnings: string[];
  consequences: string[];
  /** Rules that let in all the same, in words: what the result need not be surprised at. */
  foreseen: string[];
}

/** The lock's group as Azure would hold it. */
export const groupBody = (rules: readonly LockRule[]): Json => ({
  id: '/the-lock/cordon-lock',
  name: 'cordon-lock',
  properties: { securityRules: rules },
});

/** Judges the lock before it is made: the responder's way in before and after it, and what stays open. */
export function foresee(
  reach: ReachReading,
  about: { rules: readonly LockRule[]; sources: readonly string[]; settings: LockSettings; locked: readonly string[] },
): Outlook {
  const { rules, sources, settings, locked } = about;
  const body = groupBody(rules);
  const [responder = ''] = sources;
  const ports = portEdges(settings.ports);
  const before = wayIn(reach, responder, ports);
  const after = wayIn(reach, responder, ports, (id) => (locked.includes(id) ? body : undefined));
  const outlook: Outlook = { refused: '', warnings: [], consequences: [], foreseen: [] };
  if (after.relayed.length > 0) {
    outlook.warnings.push(
      `The Internet reaches ${after.relayed.join(', ')}, where rules see that address and not yours: the lock does not let it in, and you with it. Come another way, or add its addresses to allow.`,
    );
  }
  if (after.open.length > 0) {
    outlook.consequences.push(`Your way in: ${responder} stays let in to tcp ${after.open.join(', ')}.`);
  } else if (after.relayed.length > 0) {
    // Said above: what decides is not the lock.
  } else if (after.unclear.length > 0) {
    outlook.warnings.push(`Whether ${responder} is let in afterwards is not clear: ${listed(after.unclear, 3)}.`);
  } else {
    const today = before.open.length > 0 ? `today it is, on ${before.open.join(', ')}` : 'nor is it today';
    const sentence = `${responder} is not let in on any of tcp ${ports.join(', ')} (${listed(after.closed, 3)}; ${today}): rules before the lock's own decide, and the lock does not change them.`;
    if (settings.wayIn === 'required') {
      outlook.refused = `${sentence} To contain the VM nevertheless: --way-in told. Or give the address that you come from with --allow.`;
    } else outlook.warnings.push(`${sentence} The VM is contained nevertheless, as chosen (way-in: told).`);
  }
  const notSeen = after.notAsked === '' ? [] : after.notSeen;
  outlook.warnings.push(
    ...[...new Set(notSeen)].map(
      (one) => `Not seen: ${one}. An "always allow" there passes before any security group.`,
    ),
  );
  const openings = openBeside(reach, sources, settings.ports, (id) => (locked.includes(id) ? body : undefined));
  outlook.foreseen = [...new Set(openings.flatMap(({ rules: by }) => by.map(ruleText)))];
  outlook.warnings.push(
    ...openingTexts(openings).map(
      (text) => `STAYS OPEN: ${text}. No security group stops that; Virtual Network Manager does.`,
    ),
  );
  return outlook;
}

/** What comes in besides the allowed addresses, by either source. */
export function openBeside(
  reach: Pick<ReachReading, 'interfaces' | 'at'>,
  sources: readonly string[],
  ports: readonly (number | string)[],
  instead?: (networkInterface: string) => Json | undefined,
): Opening[] {
  const allowed = { prefixes: sources, ports: portRanges(ports) };
  return reach.interfaces.flatMap((id) => {
    const { configuration, effective } = reach.at(id, instead?.(id));
    return [...configuration.besides(allowed), ...effective.besides(allowed)];
  });
}

/** Openings in words, each once: "tcp 3389 from the whole Internet by rc/always (1)". */
export function openingTexts(openings: readonly Opening[]): string[] {
  return [...new Set(openings.map(openingText))].slice(0, 20);
}

function openingText({ protocol, from, to, senders, internet, rules, tags }: Opening): string {
  const portless = (BIT[protocol] & WITH_PORTS) === 0;
  const ports = portless ? '' : from === 0 && to === 65535 ? ' all ports' : from === to ? ` ${from}` : ` ${from}-${to}`;
  const blocks = cidrsV4(senders.v4);
  const who =
    tags.length > 0
      ? tags.join(', ')
      : internet
        ? `the Internet (${senders.v4.length > 0 ? `${count(sizeV4(onInternetV4(senders.v4)))} addresses` : 'IPv6'})`
        : blocks.length > 0
          ? listed(blocks, 4)
          : 'IPv6 addresses';
  const by = rules.map(ruleText).join(', ');
  return `${protocol}${ports} from ${who} by ${by === '' ? 'no rule: no security group stands there' : by}`;
}

/**
 * Just-in-time policies that name the VM, and grants that are open: Defender's allow rules are above the lock's denial.
 */
export async function jitWarnings(connection: Connection, context: ActionContext): Promise<string[]> {
  const { target } = context;
  try {
    const { policies, notSeen } = await readJitPolicies(connection, target, context.signal);
    const naming = policies.filter((policy) => jitEntryOf(policy, target.id) !== undefined);
    if (naming.length === 0) return notSeen.map((one) => `Not seen: ${one}.`);
    const now = connection.clock.now();
    const open = naming.flatMap((policy) => jitGrantsOf(policy, target.id, now)).filter((grant) => grant.open);
    const grants = open.map((grant) =>
      printable(`${grant.port} for ${grant.sources.join(', ')} until ${grant.endsAt} (${grant.requestor})`, 200),
    );
    const names = naming.map((policy) => printable(shortName(String(policy.id ?? '')), 90));
    return [
      `Just-in-time policy ${listed(names)} names ${target.name}: a request opens a port in the lock's own group, above its denial, for every caller permitted to request access.`,
      ...(grants.length > 0
        ? [
            `Open just-in-time grants: ${listed(grants, 4)}. Their rules are in the group that the lock takes away; the grants stay in the policy.`,
          ]
        : []),
      ...notSeen.map((one) => `Not seen: ${one}.`),
    ];
  } catch (error) {
    return [`Not seen: just-in-time policies (${briefly(error)}). A grant opens a port above the lock's denial.`];
  }
}
