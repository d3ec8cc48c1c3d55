import { randomUUID } from 'node:crypto';
import type { Azure } from '../azure.ts';
import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { subnetsOf } from '../effective-rules.ts';
import { at, idAt, type Json, record, records, same, text, texts } from '../json.ts';
import { within } from '../resource-id.ts';
import { printedRule } from '../security-rule.ts';
import { find, newEtag } from '../store.ts';
import type { ArmResource } from '../world.ts';
import { demandGroup } from './resource-reads.ts';

const type = 'Microsoft.Security/locations/jitNetworkAccessPolicies';

const refuse = (code: string, message: string, status = 400): AzureError => new AzureError(status, code, message);

const hours = (duration: string): number => {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration);
  return match === null ? Number.NaN : Number(match[1] ?? 0) * 24 + Number(match[2] ?? 0) + Number(match[3] ?? 0) / 60;
};

const body = (policy: ArmResource): Json => ({
  id: policy.id,
  name: policy.name,
  type,
  ...(policy.kind !== undefined && { kind: policy.kind }),
  location: policy.location ?? /\/locations\/([^/]+)/i.exec(policy.id)?.[1],
  properties: policy.properties,
});

/** The security group that JIT writes to: the interface's own, else its subnet's. */
function groupsOf(azure: Azure, machineId: string): { group: ArmResource; addresses: string[] }[] {
  const found: { group: ArmResource; addresses: string[] }[] = [];
  for (const nicId of azure.relations.interfacesOfMachine(machineId)) {
    const nic = azure.store.get(nicId);
    if (nic === undefined) continue;
    const first = subnetsOf(nic)[0];
    const subnet = first === undefined ? undefined : find(azure.store, first);
    const id = idAt(nic.properties, 'networkSecurityGroup') ?? idAt(subnet?.properties, 'networkSecurityGroup');
    const group = id === undefined ? undefined : azure.store.get(id);
    const addresses = records(nic.properties?.ipConfigurations).map((each) =>
      text(at(each, 'properties', 'privateIPAddress')),
    );
    if (group !== undefined) found.push({ group, addresses: addresses.filter((each) => each !== undefined) });
  }
  return found;
}

const rulesIn = (group: ArmResource): Json[] => records(group.properties?.securityRules);

const priorities = (group: ArmResource): Set<unknown> =>
  new Set(
    rulesIn(group)
      .filter((rule) => same(text(at(rule, 'properties', 'direction')), 'Inbound'))
      .map((rule) => at(rule, 'properties', 'priority')),
  );

/** The first free priority of inbound rules from one end of the range. */
function freePriority(group: ArmResource, from: 'top' | 'bottom'): number {
  const taken = priorities(group);
  for (let step = 0; step < 3997; step += 1) {
    const candidate = from === 'top' ? 100 + step : 4096 - step;
    if (!taken.has(candidate)) return candidate;
  }
  throw refuse('OperationNotAllowed', `Network security group ${group.id} has no free priority.`);
}

function writeRules(azure: Azure, group: ArmResource, rules: Json[]): void {
  const etag = newEtag();
  azure.store.put({
    ...group,
    etag,
    properties: {
      ...group.properties,
      securityRules: rules.map((rule) => printedRule(rule, group.id, etag, 'Succeeded')),
    },
  });
}

const addRule = (azure: Azure, groupId: string, make: (group: ArmResource) => Json): void => {
  const group = azure.store.get(groupId);
  if (group !== undefined) writeRules(azure, group, [...rulesIn(group), make(group)]);
};

const tag = 'SecurityCenter-JITRule';

/** One deny rule for each protected port, behind all rules that are there already: an allow in front of it keeps winning. */
function closePorts(azure: Azure, machineId: string, ports: Json[]): void {
  for (const { group, addresses } of groupsOf(azure, machineId)) {
    for (const port of ports) {
      const marker = `Deny ${String(port.number)} of ${machineId.toLowerCase()}`;
      const exists = rulesIn(azure.store.get(group.id) ?? group).some(
        (rule) => text(at(rule, 'properties', 'description'))?.endsWith(marker) === true,
      );
      if (exists) continue;
      addRule(azure, group.id, (now) => ({
        name: `${tag}_${randomUUID().replaceAll('-', '').slice(0, 16)}`,
        properties: {
          description: `ASC JIT Network Access rule. ${marker}`.slice(0, 140),
          protocol: same(text(port.protocol), '*') ? '*' : (text(port.protocol) ?? '*'),
          sourcePortRange: '*',
          destinationPortRange: String(port.number),
          sourceAddressPrefix: '*',
          ...(addresses.length === 1
            ? { destinationAddressPrefix: addresses[0] }
            : { destinationAddressPrefixes: addresses }),
          access: 'Deny',
          priority: freePriority(now, 'bottom'),
          direction: 'Inbound',
        },
      }));
    }
  }
}

interface Grant {
  machineId: string;
  port: Json;
  sources: string[];
  end: number;
  protocol: string;
}

/** Opens a port until a time: an allow rule in front of everything, taken away when the time has come. */
function openPort(azure: Azure, grant: Grant): void {
  for (const { group, addresses } of groupsOf(azure, grant.machineId)) {
    const name = `${tag}-${randomUUID().replaceAll('-', '').slice(0, 20)}`;
    addRule(azure, group.id, (now) => ({
      name,
      properties: {
        description: 'ASC JIT Network Access rule created by an initiation request.',
        protocol: grant.protocol,
        sourcePortRange: '*',
        destinationPortRange: String(grant.port.number),
        ...(grant.sources.length === 1
          ? { sourceAddressPrefix: grant.sources[0] }
          : { sourceAddressPrefixes: grant.sources }),
        ...(addresses.length === 1
          ? { destinationAddressPrefix: addresses[0] }
          : { destinationAddressPrefixes: addresses }),
        access: 'Allow',
        priority: freePriority(now, 'top'),
        direction: 'Inbound',
      },
    }));
    azure.operations.schedule(grant.end, () => {
      const now = azure.store.get(group.id);
      if (now !== undefined)
        writeRules(
          azure,
          now,
          rulesIn(now).filter((rule) => rule.name !== name),
        );
    });
  }
}

/** A grant whose time is over is reported as such in its policy, where it stays as evidence. */
function expire(azure: Azure, policyId: string, end: number): void {
  azure.operations.schedule(end, () => {
    const policy = azure.store.get(policyId);
    if (policy === undefined) return;
    const ended = (port: Json): Json =>
      port.status === 'Initiated' && Date.parse(text(port.endTimeUtc) ?? '') <= end
        ? { ...port, status: 'Revoked', statusReason: 'Expired' }
        : port;
    const requests = records(policy.properties?.requests).map((request) => ({
      ...request,
      virtualMachines: records(request.virtualMachines).map((machine) => ({
        ...machine,
        ports: records(machine.ports).map(ended),
      })),
    }));
    azure.store.put({ ...policy, properties: { ...policy.properties, requests } });
  });
}

function checkPolicy(properties: Json): void {
  const machines = records(properties.virtualMachines);
  if (machines.length === 0) throw refuse('InvalidInput', 'The policy must name at least one virtual machine.');
  for (const machine of machines) {
    if (text(machine.id) === undefined) throw refuse('InvalidInput', 'A virtual machine of the policy has no id.');
    for (const port of records(machine.ports)) {
      const number = Number(port.number);
      if (!(Number.isInteger(number) && number >= 0 && number <= 65535)) {
        throw refuse('InvalidInput', `Port number ${String(port.number)} is not valid.`);
      }
      const most = hours(text(port.maxRequestAccessDuration) ?? '');
      if (!(most > 0 && most <= 24)) {
        throw refuse('InvalidInput', 'maxRequestAccessDuration must be an ISO 8601 duration of at most 24 hours.');
      }
      if (text(port.allowedSourceAddressPrefix) !== undefined && texts(port.allowedSourceAddressPrefixes).length > 0) {
        throw refuse('InvalidInput', 'allowedSourceAddressPrefix and allowedSourceAddressPrefixes exclude each other.');
      }
    }
  }
}

const list: Handler = (call) => {
  demandGroup(call);
  const scope = call.path.replace(/\/providers\/microsoft\.security\/.*$/i, '');
  const region = call.params.region;
  const found = call.azure.store
    .ofType(type)
    .filter((each) => within(each.id, scope))
    .filter((each) => region === undefined || each.id.toLowerCase().includes(`/locations/${region.toLowerCase()}/`));
  return page(call, found.map(body));
};

function policyAt(call: Call, path = call.path): ArmResource {
  const found = call.azure.store.get(path);
  if (found !== undefined) return found;
  throw refuse('ResourceNotFound', `The JIT network access policy '${param(call, 'name')}' was not found.`, 404);
}

const get: Handler = (call) => ok(body(policyAt(call)));

/** Replaces the policy: machines that the body does not name are no longer protected by it. */
const put: Handler = (call) => {
  demandGroup(call);
  const { azure } = call;
  const before = azure.store.get(call.path);
  const given = bodyOf(call);
  const properties = record(given.properties);
  checkPolicy(properties);
  const after: ArmResource = {
    id: before?.id ?? call.path,
    name: param(call, 'name'),
    type,
    kind: text(given.kind) ?? 'Basic',
    location: param(call, 'region'),
    properties: {
      virtualMachines: records(properties.virtualMachines),
      requests:
        records(properties.requests).length > 0 ? records(properties.requests) : records(before?.properties?.requests),
      provisioningState: 'Succeeded',
    },
  };
  azure.store.put(after);
  for (const machine of records(properties.virtualMachines)) {
    closePorts(azure, text(machine.id) ?? '', records(machine.ports));
  }
  return ok(body(after));
};

const remove: Handler = (call) => {
  if (call.azure.store.get(call.path) === undefined) return { status: 204 };
  call.azure.store.delete(call.path);
  return { status: 200 };
};

/** The ports that a policy lets open; refuses what it does not name and times beyond its bound. */
function grantOf(call: Call, policy: ArmResource, machineId: string, port: Json): Grant {
  const machine = records(policy.properties?.virtualMachines).find((each) => same(text(each.id), machineId));
  const rule = records(machine?.ports).find((each) => Number(each.number) === Number(port.number));
  if (machine === undefined || rule === undefined) {
    throw refuse(
      'InvalidInput',
      `Port ${String(port.number)} of ${machineId} is not part of the policy '${policy.name}'.`,
    );
  }
  const end = Date.parse(text(port.endTimeUtc) ?? '');
  const now = call.azure.clock.ms();
  const most = hours(text(rule.maxRequestAccessDuration) ?? 'PT3H') * 3_600_000;
  if (!(end > now && end <= now + most + 60_000)) {
    throw refuse(
      'InvalidInput',
      `endTimeUtc must lie in the future and within ${text(rule.maxRequestAccessDuration) ?? 'PT3H'}.`,
    );
  }
  const asked = text(port.allowedSourceAddressPrefix);
  const plural = texts(port.allowedSourceAddressPrefixes);
  const sources =
    asked !== undefined ? [asked] : plural.length > 0 ? plural : [text(rule.allowedSourceAddressPrefix) ?? '*'];
  const protocol = text(rule.protocol) ?? '*';
  return { machineId, port, sources, end, protocol };
}

const initiate: Handler = (call) => {
  const { azure } = call;
  const policy = policyAt(call, call.path.slice(0, call.path.lastIndexOf('/')));
  const wanted = bodyOf(call);
  const machines = records(wanted.virtualMachines);
  if (machines.length === 0) throw refuse('InvalidInput', 'The request must name at least one virtual machine.');
  const grants = machines.flatMap((machine) =>
    records(machine.ports).map((port) => grantOf(call, policy, text(machine.id) ?? '', port)),
  );
  const request: Json = {
    virtualMachines: machines.map((machine) => ({
      id: text(machine.id),
      ports: grants
        .filter((grant) => same(grant.machineId, text(machine.id)))
        .map(({ port, sources }) => ({
          number: port.number,
          ...(sources.length === 1
            ? { allowedSourceAddressPrefix: sources[0] }
            : { allowedSourceAddressPrefixes: sources }),
          endTimeUtc: port.endTimeUtc,
          status: 'Initiated',
          statusReason: 'UserRequested',
        })),
    })),
    startTimeUtc: azure.clock.now().toISOString(),
    requestor: azure.caller.upn,
    ...(text(wanted.justification) !== undefined && { justification: wanted.justification }),
  };
  const current = policyAt(call, policy.id);
  azure.store.put({
    ...current,
    properties: { ...current.properties, requests: [request, ...records(current.properties?.requests)] },
  });
  for (const grant of grants) {
    openPort(azure, grant);
    expire(azure, policy.id, grant.end);
  }
  return { status: 202, body: request };
};

const subscription = '/subscriptions/{subscription}/providers/Microsoft.Security';
const group = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Security';
const one = `${group}/locations/{region}/jitNetworkAccessPolicies/{name}`;

export const jitRoutes: Route[] = [
  { method: 'GET', template: `${subscription}/jitNetworkAccessPolicies`, handler: list },
  { method: 'GET', template: `${subscription}/locations/{region}/jitNetworkAccessPolicies`, handler: list },
  { method: 'GET', template: `${group}/jitNetworkAccessPolicies`, handler: list },
  { method: 'GET', template: `${group}/locations/{region}/jitNetworkAccessPolicies`, handler: list },
  { method: 'GET', template: one, handler: get },
  { method: 'PUT', template: one, handler: put },
  { method: 'DELETE', template: one, handler: remove },
  { method: 'POST', template: `${one}/initiate`, handler: initiate },
];
