import { z } from 'zod';
import { type Json, listAt, textAt } from '../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import {
  alwaysAllowed,
  effectiveRules,
  groupOf,
  interfacesOf,
  readIfThere,
  readMachine,
  readNetworkResource,
  subnetsOf,
} from '../azure/readers/network-interface.ts';
import type { Change } from '../documents/run.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { withExactBody } from './exact-body.ts';
import { groupName, type LockRule, lockRules, lockSettings, ruleDrift } from './lock-group.ts';
import { AzureRefusal, follow, pause } from './operation.ts';
import { type NeededPermission, preflight } from './permissions.ts';
import { refusedPlan } from './refused-plan.ts';
import { decideInbound, prefixOf } from './way-in.ts';
import { writableInterface } from './writable-interface.ts';

const lockRule = z.custom<LockRule>((value) => typeof value === 'object' && value !== null && 'name' in value);

const lockState = z.looseObject({
  groups: z.array(z.object({ id: z.string(), location: z.string() })),
  rules: z.array(lockRule),
  interfaces: z.array(
    z.object({
      id: z.string(),
      etag: z.string(),
      /** Id of the group that was there, "" for none. */
      before: z.string(),
      /** Its etag, to tell whether somebody changed it meanwhile. */
      beforeEtag: z.string(),
      group: z.string(),
    }),
  ),
  sources: z.array(z.string()),
  ports: z.array(z.string()),
  /** Did Azure accept that sessions are cut? null before it was asked. */
  flushed: z.boolean().nullable(),
});
type LockState = z.infer<typeof lockState>;

const none = '(none)';

function ruleText(rule: LockRule): string {
  const { priority, access, protocol, sourceAddressPrefixes, destinationPortRanges } = rule.properties;
  const from = sourceAddressPrefixes?.join(', ') ?? 'everyone';
  const to = destinationPortRanges?.join(', ') ?? 'everything';
  return `${priority} ${access.toLowerCase()} ${from} → ${protocol === '*' ? '' : `${protocol.toLowerCase()} `}${to}`;
}

/** Names of who else a security group serves, without the machine's own interfaces. */
function others(group: Json, own: readonly string[]): string[] {
  const interfaces = listAt(group, 'properties', 'networkInterfaces').map((one) => textAt(one, 'id'));
  const subnets = listAt(group, 'properties', 'subnets').map((one) => textAt(one, 'id'));
  return [
    ...interfaces.filter((id) => id !== '' && !own.some((mine) => sameId(mine, id))).map(shortName),
    ...subnets.filter((id) => id !== '').map((id) => `subnet ${shortName(id)}`),
  ];
}

function listed(names: readonly string[], limit = 8): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}

const joinedBy: Record<string, string> = {
  'microsoft.network/virtualnetworks/subnets': 'Microsoft.Network/virtualNetworks/subnets/join/action',
  'microsoft.network/publicipaddresses': 'Microsoft.Network/publicIPAddresses/join/action',
  'microsoft.network/applicationsecuritygroups':
    'Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action',
  'microsoft.network/loadbalancers/backendaddresspools':
    'Microsoft.Network/loadBalancers/backendAddressPools/join/action',
  'microsoft.network/loadbalancers/inboundnatrules': 'Microsoft.Network/loadBalancers/inboundNatRules/join/action',
};

/** A PUT of an interface needs leave to join everything that it refers to, changed or not. */
function joins(networkInterface: Json): NeededPermission[] {
  return listAt(networkInterface, 'properties', 'ipConfigurations').flatMap((one) =>
    [
      textAt(one, 'properties', 'subnet', 'id'),
      textAt(one, 'properties', 'publicIPAddress', 'id'),
      ...['applicationSecurityGroups', 'loadBalancerBackendAddressPools', 'loadBalancerInboundNatRules'].flatMap(
        (list) => listAt(one, 'properties', list).map((reference) => textAt(reference, 'id')),
      ),
    ].flatMap((id) => {
      const action = joinedBy[parseResourceId(id)?.type.toLowerCase() ?? ''];
      return action === undefined ? [] : [{ action, scope: id }];
    }),
  );
}

/** Names of the load balancers and application gateways that send traffic to an interface, each once. */
function balancersOf(networkInterface: Json): string[] {
  const pools = listAt(networkInterface, 'properties', 'ipConfigurations').flatMap((one) =>
    ['loadBalancerBackendAddressPools', 'loadBalancerInboundNatRules', 'applicationGatewayBackendAddressPools'].flatMap(
      (list) => listAt(one, 'properties', list).map((pool) => textAt(pool, 'id')),
    ),
  );
  const names = pools.flatMap((id) => /\/(?:loadBalancers|applicationGateways)\/([^/]+)\//i.exec(id)?.[1] ?? []);
  return [...new Set(names)];
}

/** Puts a security group, or none, at an interface; every other property is sent back as Azure gave it. */
async function putGroup(
  connection: Connection,
  context: ActionContext,
  networkInterface: Json,
  group: string,
): Promise<void> {
  const id = textAt(networkInterface, 'id');
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error(`not a network interface: ${id}`);
  const writable = writableInterface(networkInterface);
  const { networkSecurityGroup: _, ...rest } = Object(writable.properties);
  const body = {
    ...writable,
    properties: group === '' ? rest : { ...rest, networkSecurityGroup: { id: group } },
  };
  const client = await connection.network(parsed.subscriptionId);
  await withExactBody(client, body, () =>
    follow(connection, context, `PUT ${parsed.name}`, (options) =>
      client.networkInterfaces.createOrUpdate(
        parsed.resourceGroup,
        parsed.name,
        { location: textAt(networkInterface, 'location') },
        { ...options, requestOptions: { headers: { 'If-Match': textAt(networkInterface, 'etag') } } },
      ),
    ),
  );
}

/** Closes the network of a machine at every interface with a new security group; those that are there stay untouched. */
export function nsgLock(connection: Connection): Action {
  async function plan(context: ActionContext, input: unknown): Promise<ActionPlan> {
    const settings = lockSettings.parse(input);
    const { target, caseId } = context;
    const title = `Lock the network of ${target.name}`;
    const responder = prefixOf(context.responderAddress);
    if (responder === undefined) {
      const because =
        context.responderAddress === '' ? 'is not known' : `"${context.responderAddress}" is not an address`;
      return refusedPlan(
        title,
        'impossible',
        `Your own address ${because}: without it the lock would shut you out. Give it with --allow ADDRESS.`,
      );
    }
    const warnings: string[] = [];
    if (!responder.single) warnings.push(`${responder.prefix} is more than one address: all of it stays allowed.`);
    const sources = [...new Set([responder.prefix, ...settings.allow.flatMap((text) => prefixOf(text)?.prefix ?? [])])];
    const ports = settings.ports.map(String);

    const machine = await readMachine(connection, target);
    const interfaces = await Promise.all(interfacesOf(machine).map((id) => readNetworkResource(connection, id)));
    if (interfaces.length === 0) return refusedPlan(title, 'impossible', `${target.name} has no network interface.`);
    const ids = interfaces.map((one) => textAt(one, 'id'));

    const groupIds = new Map<string, string>();
    for (const one of interfaces) {
      const id = groupOf(one);
      if (id !== '') groupIds.set(id.toLowerCase(), id);
    }
    const groups = new Map<string, Json>();
    for (const [key, id] of groupIds) {
      const group = await readIfThere(connection, id);
      if (group) groups.set(key, group);
    }
    const rules = lockRules(sources, settings);
    const alreadyOurs = interfaces.every((one) => {
      const group = groups.get(groupOf(one).toLowerCase());
      return (
        group !== undefined && textAt(group, 'tags', 'cordon-case') === caseId && ruleDrift(group, rules).length === 0
      );
    });
    if (alreadyOurs) return refusedPlan(title, 'nothing-to-do', `${target.name} is locked already by this case.`);

    // One group for the interfaces that share a resource group and a region: an NSG must be in its interface's region.
    const places = new Map<string, { id: string; location: string }>();
    for (const one of interfaces) {
      const parsed = parseResourceId(textAt(one, 'id'));
      if (!parsed) continue;
      const location = textAt(one, 'location');
      const folder = `/subscriptions/${parsed.subscriptionId}/resourceGroups/${parsed.resourceGroup}`;
      const key = `${folder} ${location}`.toLowerCase();
      if (places.has(key)) continue;
      const taken = new Set([...places.values()].map((place) => shortName(place.id).toLowerCase()));
      for (let tries = 0; tries < 20; tries += 1) {
        const name = groupName(caseId, target.name, taken);
        const id = `${folder}/providers/Microsoft.Network/networkSecurityGroups/${name}`;
        if ((await readIfThere(connection, id)) === null) {
          places.set(key, { id, location });
          break;
        }
        taken.add(name.toLowerCase());
      }
    }

    const placeOf = (one: Json) => {
      const parsed = parseResourceId(textAt(one, 'id'));
      const folder = `/subscriptions/${parsed?.subscriptionId ?? ''}/resourceGroups/${parsed?.resourceGroup ?? ''}`;
      return places.get(`${folder} ${textAt(one, 'location')}`.toLowerCase());
    };

    const changes: Change[] = [...places.values()].map((place) => ({
      method: 'PUT',
      resourceId: place.id,
      diff: [
        { property: 'networkSecurityGroup', before: none, after: shortName(place.id) },
        ...rules.map((rule) => ({
          property: rule.properties.direction === 'Inbound' ? 'inbound' : 'outbound',
          before: none,
          after: ruleText(rule),
        })),
      ],
      before: null,
      after: { location: place.location, rules },
    }));
    const needed: NeededPermission[] = [...places.values()].flatMap((place) => {
      const scope = place.id.split('/providers/')[0] ?? place.id;
      return [
        { action: 'Microsoft.Network/networkSecurityGroups/write', scope },
        { action: 'Microsoft.Network/networkSecurityGroups/join/action', scope },
      ];
    });
    const consequences: string[] = [];
    const stays = sources.join(', ');
    consequences.push(
      `Inbound stops for everyone but ${stays} on tcp ${ports.join(', ')}: also from the virtual network, from load balancers and their probes, and from a Bastion.`,
    );

    const touches = interfaces.flatMap((one) =>
      balancersOf(one).map((name) => `${name} no longer reaches ${target.name}: its probes are denied.`),
    );
    const states: LockState['interfaces'] = [];
    const unreadable: string[] = [];
    for (const one of interfaces) {
      const id = textAt(one, 'id');
      const place = placeOf(one);
      if (!place) return refusedPlan(title, 'impossible', `no free name for a security group beside ${shortName(id)}`);
      const before = groupOf(one);
      const group = groups.get(before.toLowerCase());
      states.push({
        id,
        etag: textAt(one, 'etag'),
        before,
        beforeEtag: group ? textAt(group, 'etag') : '',
        group: place.id,
      });
      changes.push({
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
      });
      needed.push({ action: 'Microsoft.Network/networkInterfaces/write', scope: id }, ...joins(one));
      for (const subnetId of subnetsOf(one)) await lookAtSubnet(subnetId);
    }

    async function lookAtSubnet(subnetId: string): Promise<void> {
      try {
        const subnet = await readNetworkResource(connection, subnetId);
        const guard = groupOf(subnet);
        const address = responder?.prefix ?? '';
        if (guard !== '') {
          const body = await readNetworkResource(connection, guard);
          const own = listAt(body, 'properties', 'securityRules');
          const all = [...own, ...listAt(body, 'properties', 'defaultSecurityRules')];
          const decisions = settings.ports
            .filter((port) => typeof port === 'number')
            .map((port) => ({ port, ...decideInbound(all, address, port) }));
          const closed = decisions.filter((one) => one.allowed === false);
          const unclear = decisions.filter((one) => one.allowed === null);
          if (decisions.length > 0 && closed.length === decisions.length) {
            warnings.push(
              `The group ${shortName(guard)} at the subnet ${shortName(subnetId)} does not let ${address} in on any of these ports (${closed[0]?.rule}): from the Internet you will not reach the VM. The lock does not change that group.`,
            );
          } else if (unclear.length > 0) {
            warnings.push(
              `Whether ${shortName(guard)} at the subnet lets ${address} in on ${unclear.map((one) => one.port).join(', ')} depends on ${unclear[0]?.rule}, which is not resolved here.`,
            );
          }
        }
        const network = subnetId.split('/subnets/')[0] ?? '';
        const admin = await alwaysAllowed(connection, network);
        if ('because' in admin) {
          warnings.push(
            `Not seen: security admin rules of ${shortName(network)} (${admin.because}). An "always allow" there passes before any security group.`,
          );
        } else if (admin.names.length > 0) {
          warnings.push(
            `Security admin rules let traffic in before any security group: ${listed(admin.names)}. The lock does not stop what they allow.`,
          );
        }
      } catch (error) {
        unreadable.push(`${shortName(subnetId)} (${azureError(error).status} ${azureError(error).code})`);
      }
    }
    if (unreadable.length > 0) {
      warnings.push(
        `Not seen: the security group at the subnet ${listed([...new Set(unreadable)])}. It filters before this lock.`,
      );
    }

    for (const [key, id] of groupIds) {
      const group = groups.get(key);
      const served = group ? others(group, ids) : [];
      touches.push(
        served.length > 0
          ? `${shortName(id)} itself is not edited; it goes on serving ${listed(served)}.`
          : `${shortName(id)} itself is not edited; it serves nobody else.`,
      );
    }
    consequences.push(
      'Sessions that are open are cut where Azure accepts it (flushConnection); where it does not, they survive, and the result says so.',
    );
    if (settings.denyOutbound) {
      warnings.push(
        'Outbound is denied too: log collection, Defender, the backup agent and Run Command results stop. DNS and the metadata service (managed identity tokens) are reachable all the same.',
      );
    } else {
      consequences.push(
        'Outbound traffic goes on: agents keep working, and so does a connection that the intruder makes from inside.',
      );
    }

    return {
      title,
      changes,
      touches,
      permissions: await preflight(connection, needed),
      danger: 'disruptive',
      undo: `Puts ${listed([...new Set(states.map((one) => (one.before === '' ? 'no group' : shortName(one.before))))])} back at ${listed(states.map((one) => shortName(one.id)))} and deletes ${listed([...places.values()].map((one) => shortName(one.id)))}; drift is checked first.`,
      warnings: [...new Set(warnings)],
      consequences,
      state: {
        groups: [...places.values()],
        rules,
        interfaces: states,
        sources,
        ports,
        flushed: null,
      } satisfies LockState,
    };
  }

  async function createGroup(
    context: ActionContext,
    state: LockState,
    group: LockState['groups'][number],
    flush: boolean,
  ) {
    const parsed = parseResourceId(group.id);
    if (!parsed) throw new Error(`not a security group: ${group.id}`);
    const client = await connection.network(parsed.subscriptionId);
    const before = state.interfaces
      .filter((one) => sameId(one.group, group.id))
      .map((one) => `${shortName(one.id)}=${one.before === '' ? 'none' : shortName(one.before)}`);
    const body = {
      location: group.location,
      tags: {
        'cordon-case': context.caseId,
        'cordon-vm': context.target.name,
        // A tag holds 256 characters at most.
        'cordon-before': before.join(' ').slice(0, 256),
      },
      properties: { ...(flush ? { flushConnection: true } : {}), securityRules: state.rules },
    };
    await withExactBody(client, body, () =>
      follow(connection, context, `PUT ${parsed.name}`, (options) =>
        client.networkSecurityGroups.createOrUpdate(
          parsed.resourceGroup,
          parsed.name,
          { location: group.location },
          options,
        ),
      ),
    );
  }

  async function apply(context: ActionContext, planned: ActionPlan): Promise<Record<string, unknown>> {
    const state = lockState.parse(planned.state);
    const bodies = new Map<string, Json>();
    for (const one of state.interfaces) {
      const now = await readNetworkResource(connection, one.id);
      if (!sameId(groupOf(now), one.before)) {
        throw new StalePlan(`${shortName(one.id)} has another security group now: ${shortName(groupOf(now)) || none}.`);
      }
      if (textAt(now, 'etag') !== one.etag) throw new StalePlan(`${shortName(one.id)} was changed by somebody else.`);
      bodies.set(one.id, now);
    }
    for (const group of state.groups) {
      if (await readIfThere(connection, group.id)) throw new StalePlan(`${shortName(group.id)} exists by now.`);
    }
    context.progress({ fraction: 0, text: 'saving what is there now' });
    await keepBefore(context, [...bodies.values()]);

    let flushed = true;
    const total = state.groups.length + state.interfaces.length;
    let done = 0;
    for (const group of state.groups) {
      context.progress({ fraction: done / total, text: `creating ${shortName(group.id)}` });
      try {
        await createGroup(context, state, group, flushed);
      } catch (error) {
        // A region or cloud that does not know flushConnection refuses the body; the lock matters more than the flush.
        const unknownProperty = error instanceof AzureRefusal && error.statusCode === 400 && flushed;
        if (!unknownProperty) throw error;
        flushed = false;
        await createGroup(context, state, group, false);
      }
      const made = await readNetworkResource(connection, group.id);
      if (textAt(made, 'properties', 'flushConnection') !== 'true') flushed = false;
      done += 1;
    }
    for (const one of state.interfaces) {
      context.progress({ fraction: done / total, text: `putting ${shortName(one.group)} at ${shortName(one.id)}` });
      const body = bodies.get(one.id);
      if (body) await putGroup(connection, context, body, one.group);
      done += 1;
    }
    context.progress({ fraction: 1, text: 'done' });
    return { ...state, flushed };
  }

  async function keepBefore(context: ActionContext, interfaces: Json[]): Promise<void> {
    const groups: Json[] = [];
    const subnets: Json[] = [];
    const notSeen: string[] = [];
    const seen = new Set<string>();
    const read = async (id: string, into: Json[]) => {
      if (id === '' || seen.has(id.toLowerCase())) return;
      seen.add(id.toLowerCase());
      try {
        into.push(await readNetworkResource(connection, id));
      } catch (error) {
        notSeen.push(`${id}: ${azureError(error).status} ${azureError(error).code}`);
      }
    };
    for (const one of interfaces) {
      await read(groupOf(one), groups);
      for (const subnet of subnetsOf(one)) await read(subnet, subnets);
    }
    for (const subnet of [...subnets]) await read(groupOf(subnet), groups);
    const effective = await Promise.all(
      interfaces.map(async (one) => ({
        networkInterface: textAt(one, 'id'),
        ...(await effectiveRules(connection, textAt(one, 'id'), context.signal)),
      })),
    );
    await context.keep('before-lock', { interfaces, groups, subnets, effective, notSeen });
  }

  async function verify(context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = lockState.parse(given);
    for (const group of state.groups) {
      const found = await readIfThere(connection, group.id);
      if (!found) return { ok: false, text: `${shortName(group.id)} does not exist.` };
      const drift = ruleDrift(found, state.rules);
      if (drift.length > 0)
        return { ok: false, text: `${shortName(group.id)} has other rules than planned: ${listed(drift)}.` };
    }
    for (const one of state.interfaces) {
      const now = groupOf(await readNetworkResource(connection, one.id));
      if (!sameId(now, one.group)) {
        return {
          ok: false,
          text: `${shortName(one.id)} has ${shortName(now) || 'no group'}, not ${shortName(one.group)}.`,
        };
      }
    }
    const notAsked: string[] = [];
    for (const one of state.interfaces) {
      const seen = await effectiveLock(context, one);
      if (seen.ok === false) return seen;
      if (seen.ok === null) notAsked.push(seen.text);
    }
    const when = `${connection.clock.now().toISOString().slice(11, 19)}Z`;
    const sessions = state.flushed
      ? 'Open sessions are cut (flushConnection).'
      : 'Open sessions SURVIVE: Azure did not take flushConnection.';
    const asked =
      notAsked.length === 0
        ? `Azure's effective rules agree, ${when}.`
        : `Read back from Azure ${when}; effective rules not asked: ${[...new Set(notAsked)].join('; ')}.`;
    return {
      ok: true,
      text: `Locked: inbound is closed for everyone but ${state.sources.join(', ')} on tcp ${state.ports.join(', ')}. ${asked} ${sessions}`,
    };
  }

  /** Do Azure's effective rules show our group? They lag behind an association by seconds. */
  async function effectiveLock(context: ActionContext, one: LockState['interfaces'][number]): Promise<Verification> {
    for (let attempt = 0; attempt < 15; attempt += 1) {
      const effective = await effectiveRules(connection, one.id, context.signal);
      if (effective.state === 'not-asked') return { ok: null, text: effective.because };
      if (effective.groups.some((group) => sameId(group.id, one.group))) return { ok: true, text: '' };
      await pause(connection, context);
    }
    return { ok: false, text: `Azure's effective rules of ${shortName(one.id)} do not show ${shortName(one.group)}.` };
  }

  async function undo(context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = lockState.parse(given);
    const found: string[] = [];
    for (const group of state.groups) {
      const now = await readIfThere(connection, group.id);
      const drift = now ? ruleDrift(now, state.rules) : [];
      if (drift.length > 0) {
        found.push(`${shortName(group.id)} was changed by somebody (rules ${listed(drift)}): it stays where it is.`);
      }
    }
    if (found.length > 0) return { ok: false, text: found.join(' ') };

    const told: string[] = [];
    const back: string[] = [];
    for (const one of state.interfaces) {
      const now = await readIfThere(connection, one.id);
      if (!now) {
        found.push(`${shortName(one.id)} does not exist any more.`);
        continue;
      }
      const current = groupOf(now);
      if (sameId(current, one.before)) continue;
      if (!sameId(current, one.group)) {
        found.push(
          `${shortName(one.id)} has ${shortName(current) || 'no group'} by now, which is not this lock's: left as it is.`,
        );
        continue;
      }
      if (one.before !== '') {
        const before = await readIfThere(connection, one.before);
        if (!before) {
          found.push(`${shortName(one.before)} does not exist any more: ${shortName(one.id)} stays locked.`);
          continue;
        }
        if (one.beforeEtag !== '' && textAt(before, 'etag') !== one.beforeEtag) {
          told.push(`${shortName(one.before)} has changed since the lock; its present rules apply.`);
        }
      }
      await putGroup(connection, context, now, one.before);
      const after = groupOf(await readNetworkResource(connection, one.id));
      if (sameId(after, one.before))
        back.push(`${shortName(one.id)} has ${shortName(one.before) || 'no group'} again.`);
      else found.push(`${shortName(one.id)} has ${shortName(after) || 'no group'} after the undo.`);
    }
    for (const group of state.groups) {
      const left = await deleteGroup(context, group.id);
      if (left !== '') found.push(left);
    }
    if (found.length > 0) return { ok: false, text: [...found, ...back, ...told].join(' ') };
    return {
      ok: true,
      text: ['Undone:', ...(back.length > 0 ? back : ['nothing was locked any more.']), ...told].join(' '),
    };
  }

  /** Deletes our group where nothing uses it; a sentence when it is left. */
  async function deleteGroup(context: ActionContext, id: string): Promise<string> {
    const parsed = parseResourceId(id);
    if (!parsed) return '';
    const client = await connection.network(parsed.subscriptionId);
    for (let attempt = 0; ; attempt += 1) {
      const now = await readIfThere(connection, id);
      if (!now) return '';
      if (textAt(now, 'tags', 'cordon-case') !== context.caseId) {
        return `${shortName(id)} does not carry this case's tag: it is not deleted.`;
      }
      const users = others(now, []);
      if (users.length > 0 && attempt >= 5)
        return `${shortName(id)} is still used by ${listed(users)}: it is not deleted.`;
      if (users.length === 0) {
        try {
          await follow(connection, context, `DELETE ${parsed.name}`, (options) =>
            client.networkSecurityGroups.delete(parsed.resourceGroup, parsed.name, options),
          );
          return '';
        } catch (error) {
          // Azure lets go of a group some seconds after the interface did.
          const inUse = error instanceof AzureRefusal && /InUse/i.test(error.code);
          if (!inUse || attempt >= 5) throw error;
        }
      }
      await pause(connection, context);
    }
  }

  return {
    name: 'nsg.lock',
    input: lockSettings,
    danger: 'disruptive',
    undoOnFailure: true,
    plan,
    apply,
    verify,
    undo,
  };
}
