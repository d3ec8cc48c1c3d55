import { type Json, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { groupOf, readIfThere } from '../../azure/readers/network-interface.ts';
import type { Change } from '../../documents/run.ts';
import { prefixOf } from '../../network/sets/given-prefix.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { listed } from '../../text/counts.ts';
import { readReach } from '../network-reach.ts';
import type { Intended } from '../preflight/intended.ts';
import type { NeededPermission } from '../preflight/permissions.ts';
import { preflight } from '../preflight/preflight.ts';
import { refusedPlan } from '../refused-plan.ts';
import { scaleSetOutlook } from '../scale-set-outlook.ts';
import { customersGroup, foundLock, lockTags, lockText, others } from './found-lock.ts';
import { balancersOf, joinedSubnets, joins, withGroup } from './interface-group.ts';
import { planJoin } from './lock-join.ts';
import { foresee, jitWarnings } from './lock-outlook.ts';
import { groupName, lockRules, lockRuleText, ruleDrift } from './lock-rules.ts';
import { type LockRule, type LockSettings, type LockState, lockSettings } from './lock-settings.ts';
import { groupAt, locksOf, readStanding, type Standing } from './standing.ts';

const none = '(none)';

/** A place where a new group goes: one for the interfaces that share a resource group and a region, as Azure wants it. */
interface Place {
  id: string;
  location: string;
}

const folderOf = (networkInterface: Json): string => {
  const parsed = parseResourceId(textAt(networkInterface, 'id'));
  return `/subscriptions/${parsed?.subscriptionId ?? ''}/resourceGroups/${parsed?.resourceGroup ?? ''}`;
};
const placeKey = (networkInterface: Json): string =>
  `${folderOf(networkInterface)} ${textAt(networkInterface, 'location')}`.toLowerCase();

/** Finds a free name for a group beside each interface; undefined for those where there is none. */
async function findPlaces(
  connection: Connection,
  context: ActionContext,
  interfaces: readonly Json[],
): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (const one of interfaces) {
    if (places.has(placeKey(one))) continue;
    const taken = new Set([...places.values()].map((place) => shortName(place.id).toLowerCase()));
    for (let tries = 0; tries < 20; tries += 1) {
      const name = groupName(context.caseId, context.target.name, taken);
      const id = `${folderOf(one)}/providers/Microsoft.Network/networkSecurityGroups/${name}`;
      if ((await readIfThere(connection, id)) === null) {
        places.set(placeKey(one), { id, location: textAt(one, 'location') });
        break;
      }
      taken.add(name.toLowerCase());
    }
  }
  return places;
}

function groupChange(place: Place, rules: readonly LockRule[]): Change {
  return {
    method: 'PUT',
    resourceId: place.id,
    diff: [
      { property: 'networkSecurityGroup', before: none, after: shortName(place.id) },
      ...rules.map((rule) => ({
        property: rule.properties.direction === 'Inbound' ? 'inbound' : 'outbound',
        before: none,
        after: lockRuleText(rule),
      })),
    ],
    before: null,
    after: { location: place.location, rules },
  };
}

function interfaceChange(networkInterface: Json, place: Place): Change {
  const before = groupOf(networkInterface);
  const id = textAt(networkInterface, 'id');
  return {
    method: 'PUT',
    resourceId: id,
    diff: [
      {
        property: `${shortName(id)} networkSecurityGroup`,
        before: before === '' ? none : shortName(before),
        after: shortName(place.id),
      },
    ],
    before: { networkSecurityGroup: before === '' ? null : { id: before } },
    after: { networkSecurityGroup: { id: place.id } },
  };
}

function flushChange(place: Place): Change {
  return {
    method: 'PUT',
    resourceId: place.id,
    diff: [
      { property: 'flushConnection', before: 'off', after: 'on, with a rule update: open sessions are judged anew' },
    ],
    before: { flushConnection: false },
    after: { flushConnection: true },
  };
}

/** Interfaces that this case has not locked yet, as it would. */
function unlocked(standing: Standing, caseId: string, rules: readonly LockRule[]): Json[] {
  return standing.interfaces.filter((one) => {
    const group = groupAt(standing, one);
    const ours = foundLock(group)?.caseId === caseId;
    return !(ours && group !== null && ruleDrift(group, rules).length === 0);
  });
}

/** What the caller must be permitted, for the lock and for its undo. */
function neededFor(
  interfaces: readonly Json[],
  places: readonly Place[],
  befores: readonly string[],
): NeededPermission[] {
  const group = 'Microsoft.Network/networkSecurityGroups';
  return [
    ...places.flatMap(({ id }) => {
      const scope = id.split('/providers/')[0] ?? id;
      return [
        { action: `${group}/write`, scope },
        { action: `${group}/join/action`, scope },
        { action: `${group}/delete`, scope, forUndo: true },
      ];
    }),
    ...interfaces.flatMap((one) => [
      { action: 'Microsoft.Network/networkInterfaces/write', scope: textAt(one, 'id') },
      ...joins(one),
    ]),
    ...befores.filter((id) => id !== '').map((scope) => ({ action: `${group}/join/action`, scope, forUndo: true })),
  ];
}

/** Which groups go on serving whom, and which balancers lose the VM. */
function touched(standing: Standing, vm: string): string[] {
  const ids = standing.interfaces.map((one) => textAt(one, 'id'));
  const balancers = standing.interfaces.flatMap((one) =>
    balancersOf(one).map(
      (name) => `${name} no longer reaches ${vm}: its health probes are denied, and it takes the VM out.`,
    ),
  );
  const groups = [...standing.groups.values()].map((group) => {
    const served = others(group, ids);
    const name = textAt(group, 'name') || shortName(textAt(group, 'id'));
    return served.length > 0
      ? `${name} itself is not edited; it goes on serving ${listed(served)}.`
      : `${name} itself is not edited; it serves nobody else.`;
  });
  return [...balancers, ...groups];
}

function consequencesOf(
  settings: LockSettings,
  sources: readonly string[],
): { consequences: string[]; warnings: string[] } {
  const ports = settings.ports.join(', ');
  const consequences = [
    `Inbound stops for everyone but ${sources.join(', ')} on tcp ${ports}: also from the virtual network, from load balancers and their probes, and from a Bastion.`,
    'Open sessions are asked to be judged anew (flushConnection, after the group stands, with a rule update). Azure does not say whether one was cut: look at netstat inside.',
    'What does not come over the network interface goes on: Run Command, the serial console and extensions, for everybody with a role on the VM. Private endpoints and the services behind them are not touched.',
  ];
  const warnings: string[] = [];
  if (settings.denyOutbound) {
    const kept = settings.keepOutbound.length === 0 ? 'nothing' : settings.keepOutbound.join(', ');
    warnings.push(
      `Outbound is denied too, but for ${kept}: what is not among them stops (log collection, Defender, the backup agent, Run Command results, updates).`,
    );
    if (settings.keepOutbound.includes('backup'))
      warnings.push(
        "Azure Backup needs the tag Storage: it lets the intruder write to anybody's storage account as well.",
      );
    else if (settings.keepOutbound.includes('monitor'))
      warnings.push(
        "Azure Monitor is kept without the tag Storage, which lets the intruder write to anybody's storage account; Microsoft names it for Log Analytics, and GuestAndHybridManagement for Linux agents: look whether logs still arrive.",
      );
    warnings.push(
      settings.closePlatform
        ? "Azure's DNS, the metadata service (managed identity tokens) and licensing are denied too: names are no longer resolved by Azure, and what signs in with the VM's identity stops, Azure Monitor's agent too. The VM agent's own way to Azure (168.63.129.16, tcp 80 and 32526) no group closes."
        : "Azure's DNS and the metadata service (managed identity tokens) are reachable all the same (closePlatform: true denies them).",
    );
  } else {
    consequences.push(
      'Outbound traffic goes on: agents keep working, and so does a connection that the intruder makes from inside (denyOutbound: true stops it).',
    );
  }
  return { consequences, warnings };
}

/** Plans a lock from reads alone. */
export async function planLock(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = lockSettings.parse(input);
  const { target, caseId } = context;
  const title = `Lock the network of ${target.name}`;
  const refused = (kind: 'nothing-to-do' | 'impossible', because: string) => refusedPlan(title, kind, because);
  const responder = prefixOf(context.responderAddress);
  if (responder === undefined) {
    const because =
      context.responderAddress === '' ? 'is not known' : `"${context.responderAddress}" is not an address`;
    return refused(
      'impossible',
      `Your own address ${because}: without it the lock would shut you out. Give it with --allow ADDRESS.`,
    );
  }
  const sources = [...new Set([responder.prefix, ...settings.allow.flatMap((text) => prefixOf(text)?.prefix ?? [])])];
  const rules = lockRules(sources, settings);
  const standing = await readStanding(connection, context);
  if (standing.interfaces.length === 0) return refused('impossible', `${target.name} has no network interface.`);
  const found = locksOf(standing, caseId);
  if (found.length > 0) {
    const told = [...new Set(found.map(({ lock }) => lockText(lock)))].join('; ');
    const covering =
      settings.existingLock !== 'replace' &&
      found.length === standing.interfaces.length &&
      found.every(({ lock }) => lets(standing, lock.group, rules));
    if (covering) {
      return refused(
        'nothing-to-do',
        `${target.name} is ${told}. Your address is let in by it. It is lifted with: cordon undo --vm ${target.name}`,
      );
    }
    if (settings.existingLock === 'join') {
      return planJoin(connection, context, { title, told, settings, sources, standing });
    }
    if (settings.existingLock === 'refuse') {
      return refused(
        'impossible',
        `${target.name} is ${told}. Nothing was changed. Add your address to that lock with --existing-lock join, put this one in its place with --existing-lock replace, or lift it with: cordon undo --vm ${target.name}`,
      );
    }
  }
  const open = unlocked(standing, caseId, rules);
  if (open.length === 0) return refused('nothing-to-do', `${target.name} is locked already by this case.`);
  return planGroups(connection, context, { title, settings, sources, rules, standing, open });
}

/** Does that lock already let in what these rules would? */
function lets(standing: Standing, group: string, rules: readonly LockRule[]): boolean {
  const body = standing.groups.get(group.toLowerCase());
  return body !== undefined && ruleDrift(body, rules).length === 0;
}

interface ToPlan {
  title: string;
  settings: LockSettings;
  sources: string[];
  rules: LockRule[];
  standing: Standing;
  /** The interfaces to lock. */
  open: Json[];
}

/** What each interface has and what goes back there with an undo; or why a lock could not be undone, or made. */
async function statesOf(
  connection: Connection,
  { standing, open }: ToPlan,
  places: ReadonlyMap<string, Place>,
): Promise<{ states: LockState['interfaces'] } | { because: string }> {
  const states: LockState['interfaces'] = [];
  for (const one of open) {
    const id = textAt(one, 'id');
    const place = places.get(placeKey(one));
    if (!place) return { because: `no free name for a security group beside ${shortName(id)}` };
    const now = groupAt(standing, one);
    const before = groupOf(one) === '' ? '' : await customersGroup(connection, now, id);
    if (before === undefined) {
      const because = now === null ? 'it does not exist any more' : 'its tags do not tell what was there before';
      return {
        because: `${shortName(id)} has ${shortName(groupOf(one))}, and ${because}: an undo could not put the customer's group back. Join that lock (--existing-lock join), or put the customer's group back first.`,
      };
    }
    const own = before === '' || sameId(before, groupOf(one)) ? now : await readIfThere(connection, before);
    states.push({
      id,
      etag: textAt(one, 'etag'),
      before,
      beforeEtag: before !== '' && own ? textAt(own, 'etag') : '',
      group: place.id,
      replaced: sameId(before, groupOf(one)) ? '' : groupOf(one),
    });
  }
  return { states };
}

/** What the lock and its undo will send. */
function intended(
  context: ActionContext,
  { open, rules }: ToPlan,
  places: ReadonlyMap<string, Place>,
  states: LockState['interfaces'],
): Intended[] {
  const tags = lockTags({
    caseId: context.caseId,
    head: '',
    vm: context.target.name,
    by: '',
    since: '',
    deadline: '',
    before: [],
  });
  return [
    ...[...places.values()].flatMap(({ id, location }): Intended[] => [
      { method: 'PUT', resourceId: id, creates: true, body: { location, tags, properties: { securityRules: rules } } },
      { method: 'DELETE', resourceId: id, forUndo: true },
    ]),
    ...open.flatMap((one): Intended[] => {
      const resourceId = textAt(one, 'id');
      const state = states.find(({ id }) => id === resourceId);
      if (state === undefined) return [];
      return [
        { method: 'PUT', resourceId, body: withGroup(one, state.group) },
        { method: 'PUT', resourceId, body: withGroup(one, state.before), forUndo: true },
        ...joinedSubnets(one),
      ];
    }),
  ];
}

/** A group each, then the interfaces, then the flush. */
function changesOf(places: ReadonlyMap<string, Place>, open: readonly Json[], rules: readonly LockRule[]): Change[] {
  const all = [...places.values()];
  return [
    ...all.map((place) => groupChange(place, rules)),
    ...open.flatMap((one) => {
      const place = places.get(placeKey(one));
      return place ? [interfaceChange(one, place)] : [];
    }),
    ...all.map(flushChange),
  ];
}

function undoText(states: LockState['interfaces'], places: readonly Place[]): string {
  const names = (ids: readonly string[]) =>
    listed([...new Set(ids.map((id) => (id === '' ? 'no group' : shortName(id))))]);
  const befores = names(states.map(({ before }) => before));
  return `Puts ${befores} back at ${names(states.map(({ id }) => id))} and deletes ${names(places.map(({ id }) => id))}; drift is checked first.`;
}

async function planGroups(connection: Connection, context: ActionContext, about: ToPlan): Promise<ActionPlan> {
  const { title, settings, sources, rules, standing, open } = about;
  const { target } = context;
  const places = await findPlaces(connection, context, open);
  const all = [...places.values()];
  const found = await statesOf(connection, about, places);
  if ('because' in found) return refusedPlan(title, 'impossible', found.because);
  const { states } = found;
  const befores = states.map(({ before }) => before);
  const [ahead, reach, jit, ofSet] = await Promise.all([
    preflight(connection, context, {
      needed: neededFor(open, all, befores),
      intended: intended(context, about, places, states),
    }),
    readReach(
      connection,
      standing.interfaces.map((one) => textAt(one, 'id')),
      context.signal,
      { around: true },
    ),
    jitWarnings(connection, context),
    scaleSetOutlook(connection, context, standing.machine),
  ]);
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const outlook = foresee(reach, { rules, sources, settings, locked: states.map(({ id }) => id) });
  if (outlook.refused !== '') return refusedPlan(title, 'impossible', outlook.refused);
  const said = consequencesOf(settings, sources);
  return {
    title,
    changes: changesOf(places, open, rules),
    touches: touched(standing, target.name),
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: undoText(states, all),
    made: all.map(({ id }) => shortName(id)),
    warnings: [
      ...new Set([
        ...ofSet,
        ...replacing(states, standing),
        ...ahead.warnings,
        ...outlook.warnings,
        ...jit,
        ...said.warnings,
      ]),
    ],
    consequences: [...outlook.consequences, ...said.consequences],
    state: {
      caseId: context.caseId,
      groups: all,
      rules,
      interfaces: states,
      sources,
      ports: settings.ports.map(String),
      flushed: null,
      foreseen: outlook.foreseen,
      joined: [],
    } satisfies LockState,
  };
}

/** Receives the lock that this one replaces. */
function replacing(states: LockState['interfaces'], standing: Standing): string[] {
  return states.flatMap(({ id, replaced, before }) => {
    const lock = foundLock(standing.groups.get(replaced.toLowerCase()));
    if (lock === undefined) return [];
    return [
      `${shortName(id)} is ${lockText(lock)}. This lock takes its place: whom that one let in is shut out. An undo puts ${before === '' ? 'no group' : shortName(before)} back, which was there before both.`,
    ];
  });
}
