import { list, object, referenced } from '../../arm/json.ts';
import { sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { groupOf, networkResource, readIfThere } from '../../azure/readers/network-interface.ts';
import { ruleText } from '../../network/reach.ts';
import type { ActionContext, Verification } from '../../playbook/action.ts';
import { listed } from '../../text/counts.ts';
import { type ReachReading, readReach } from '../network-reach.ts';
import { pause } from '../operation.ts';
import { unsettled } from '../unsettled.ts';
import { verifyJoin } from './lock-join.ts';
import { openBeside, openingTexts } from './lock-outlook.ts';
import { ruleDrift } from './lock-rules.ts';
import { type LockState, lockState } from './lock-settings.ts';

/** Effective rules lag behind an association by seconds: so often they are asked before that counts. */
const ATTEMPTS = 15;

/**
 * Is the VM closed? The lock's groups are as planned, and nothing but the responder comes in, by the configuration and by
 * Azure's effective rules, security admin rules included. What stays open was foreseen and is reported, or needs
 * attention.
 */
export async function verifyLock(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = lockState.parse(given);
  if (state.joined.length > 0) return verifyJoin(connection, state);
  let stands: AsPlanned;
  for (let attempt = 1; ; attempt += 1) {
    stands = await standing(connection, state);
    if (stands.drift !== '') return { ok: false, text: stands.drift };
    if (!stands.underWay || attempt === ATTEMPTS) break;
    await pause(connection, context);
  }
  const ids = state.interfaces.map(({ id }) => id);
  let reach: ReachReading;
  for (let attempt = 1; ; attempt += 1) {
    reach = await readReach(connection, ids, context.signal);
    const late = state.interfaces.filter((one) => shows(reach, one.id, one.group) === false);
    if (late.length === 0) break;
    if (attempt === ATTEMPTS) {
      const names = late.map((one) => `${shortName(one.group)} at ${shortName(one.id)}`);
      return { ok: false, text: `Azure's effective rules do not show ${listed(names)}.` };
    }
    await pause(connection, context);
  }
  const found = told(connection, state, reach);
  if (found.ok !== true || stands.pending.length === 0) return found;
  return {
    ok: null,
    text: `${stands.pending.join(' ')} So it is not known yet whether this is in force: ${found.text}`,
  };
}

/** The lock's groups and interfaces at Azure, against the plan. */
interface AsPlanned {
  /** The first difference from the plan, in a sentence; "" when there is none. */
  drift: string;
  /** Groups and interfaces that Azure is at, or whose last change failed, a sentence each. */
  pending: string[];
  underWay: boolean;
}

async function standing(connection: Connection, state: LockState): Promise<AsPlanned> {
  const found: AsPlanned = { drift: '', pending: [], underWay: false };
  const note = (id: string, resource: unknown) => {
    const state = unsettled(shortName(id), resource);
    if (state === null) return;
    found.pending.push(state.text);
    found.underWay ||= state.ok === null;
  };
  for (const { id } of state.groups) {
    const now = await readIfThere(connection, id);
    if (!now) return { ...found, drift: `${shortName(id)} does not exist.` };
    const drift = ruleDrift(now, state.rules);
    if (drift.length > 0)
      return { ...found, drift: `${shortName(id)} has other rules than planned: ${listed(drift)}.` };
    note(id, now);
  }
  for (const { id, group } of state.interfaces) {
    const now = await networkResource(connection, id);
    if (!sameId(groupOf(now), group)) {
      const drift = `${shortName(id)} has ${shortName(groupOf(now)) || 'no group'}, not ${shortName(group)}.`;
      return { ...found, drift };
    }
    note(id, now);
  }
  return found;
}

/** Do Azure's effective rules show this group at the interface? null when they are not known. */
function shows(reach: ReachReading, networkInterface: string, group: string): boolean | null {
  const opinion = reach.opinions.get(networkInterface);
  if (opinion === undefined || 'because' in opinion) return null;
  return list(object(opinion.body).value).some((one) => sameId(referenced(object(one).networkSecurityGroup), group));
}

function told(connection: Connection, state: LockState, reach: ReachReading): Verification {
  const openings = openBeside(reach, state.sources, state.ports);
  const surprising = openings.filter(
    ({ rules }) => rules.length === 0 || rules.some((rule) => !state.foreseen.includes(ruleText(rule))),
  );
  const { sources, missing } = sourcesOf(reach);
  const when = `${connection.clock.now().toISOString().slice(11, 19)}Z`;
  const sessions =
    state.flushed === true
      ? 'That open sessions are judged anew was asked for (flushConnection), not verified: look at netstat inside.'
      : state.flushed === false
        ? 'Open sessions SURVIVE: Azure did not take flushConnection.'
        : 'Whether Azure judges open sessions anew is not known: look at netstat inside.';
  const caveat = missing === '' ? '' : ` Not seen: ${missing}.`;
  const let_in = `${state.sources.join(', ')} on tcp ${state.ports.join(', ')}`;
  const rest = `${outboundText(state)} ${sessions}`;
  if (openings.length === 0) {
    return {
      ok: true,
      text: `Locked: inbound is closed for everyone but ${let_in}, by ${sources}, ${when}.${caveat} ${rest}`,
    };
  }
  const open = listed(openingTexts(openings), 5);
  if (surprising.length > 0) {
    return {
      ok: null,
      text: `The lock stands, and the VM is NOT closed for everyone but ${let_in}: still open are ${open}, by ${sources}, ${when}. The plan did not foresee it. ${rest}`,
    };
  }
  return {
    ok: true,
    text: `Locked, but NOT closed for everyone but ${let_in}: as foreseen, still open are ${open}, by ${sources}, ${when}. Security groups do not stop that.${caveat} ${rest}`,
  };
}

/** What the lock does to connections from inside, by the rules that were found as planned. */
function outboundText({ rules }: LockState): string {
  const outbound = rules.filter(({ properties }) => properties.direction === 'Outbound');
  if (outbound.length === 0)
    return 'Outbound goes on: a connection that the intruder makes from inside is not stopped.';
  const kept = outbound
    .filter(({ properties }) => properties.access === 'Allow')
    .map(({ properties }) => properties.destinationAddressPrefix);
  return `Outbound is closed by the group's rules${kept.length === 0 ? '' : `, but for ${kept.join(', ')}`}.`;
}

/** By which sources the answer was found, and what they did not report. */
function sourcesOf(reach: ReachReading): { sources: string; missing: string } {
  const silent: string[] = [];
  const unseen: string[] = [];
  let asked = 0;
  for (const id of reach.interfaces) {
    const { configuration, effective } = reach.at(id);
    if (effective.because === '') {
      asked += 1;
      continue;
    }
    silent.push(effective.because);
    unseen.push(...configuration.notSeen);
  }
  const both = asked === reach.interfaces.length;
  const sources = both ? "the configuration and Azure's effective rules" : 'the configuration';
  const notAsked = [...new Set(silent)].map((one) => `effective rules (${one})`);
  return { sources, missing: [...notAsked, ...new Set(unseen)].slice(0, 3).join('; ') };
}
