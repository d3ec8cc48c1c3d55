import { type Json, list, object, properties, referenced, referencedAll, text, whole } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import { printable } from '../../text/printable.ts';
import type { NetworkResources } from '../resources.ts';
import type { FilterBook } from '../rules/rule-lists.ts';
import { type Family, INTERNET_V4, INTERNET_V6 } from '../sets/address-set.ts';
import { type Networks, networkOf, subnetPrefixes } from '../virtual-networks.ts';
import type { Clients } from './internet-path.ts';
import type { Relay } from './layer7-relays.ts';
import { describePublicAddress, publicAddressOf } from './public-addresses.ts';

/**
 * The public listeners of every application gateway and where they send to. The gateway answers the client itself and
 * opens its own connection from its subnet, so the VM's rules see the subnet's addresses; the group on the
 * gateway's subnet decides which clients come in.
 * https://learn.microsoft.com/azure/application-gateway/how-application-gateway-works and …/configuration-infrastructure
 */
export function applicationGatewayRelays(
  resources: NetworkResources,
  book: FilterBook,
  networks: Networks,
): { relays: Relay[]; notes: { network: string; note: string }[] } {
  const relays: Relay[] = [];
  const notes: { network: string; note: string }[] = [];
  for (const body of resources.ofType('Microsoft.Network/applicationGateways')) {
    const subnetId = referenced(properties(list(properties(body).gatewayIPConfigurations)[0]).subnet);
    const network = networkOf(subnetId).toLowerCase();
    const note = (sentence: string) => notes.push({ network, note: sentence });
    relays.push(...relaysOf(body, subnetId, network, resources, book, networks, note));
  }
  return { relays, notes };
}

const byId = (items: unknown): Map<string, Json> =>
  new Map(list(items).map((item) => [referenced(item).toLowerCase(), object(item)]));

function relaysOf(
  body: Json,
  subnetId: string,
  network: string,
  resources: NetworkResources,
  book: FilterBook,
  networks: Networks,
  note: (sentence: string) => void,
): Relay[] {
  const id = text(body.id);
  const name = nameOf(id);
  const props = properties(body);
  const state = text(props.operationalState).toLowerCase();
  if (state === 'stopped') note(`application gateway ${name} is stopped: what it would lead in when it runs is shown`);
  const frontends = byId(props.frontendIPConfigurations);
  const frontPorts = byId(props.frontendPorts);
  const listeners = new Map([...byId(props.httpListeners), ...byId(props.listeners)]);
  const settings = new Map([...byId(props.backendHttpSettingsCollection), ...byId(props.backendSettingsCollection)]);
  const pools = byId(props.backendAddressPools);
  const maps = byId(props.urlPathMaps);
  const from = subnetPrefixes(resources.get(subnetId));
  const relays: Relay[] = [];

  for (const raw of [...list(props.requestRoutingRules), ...list(props.routingRules)]) {
    const rule = properties(raw);
    const ruleName = printable(text(object(raw).name) || nameOf(referenced(raw)), 120);
    const listener = properties(listeners.get(referenced(rule.httpListener ?? rule.listener).toLowerCase()));
    const frontend = properties(frontends.get(referenced(listener.frontendIPConfiguration).toLowerCase()));
    const address = publicAddressOf(frontend.publicIPAddress, resources, 4);
    if (address === undefined) continue;
    if (!address.read)
      note(`public address ${nameOf(address.id)} of application gateway ${name} was not read: its number is not known`);
    const port = whole(properties(frontPorts.get(referenced(listener.frontendPort).toLowerCase())).port);
    if (port === undefined) {
      note(`rule ${ruleName} of application gateway ${name} listens on a port that cannot be read; it is left out`);
      continue;
    }
    const ends: { pool: string; setting: string }[] = [
      {
        pool: referenced(rule.backendAddressPool),
        setting: referenced(rule.backendHttpSettings ?? rule.backendSettings),
      },
    ];
    const map = properties(maps.get(referenced(rule.urlPathMap).toLowerCase()));
    ends.push({ pool: referenced(map.defaultBackendAddressPool), setting: referenced(map.defaultBackendHttpSettings) });
    for (const path of list(map.pathRules)) {
      const inner = properties(path);
      ends.push({ pool: referenced(inner.backendAddressPool), setting: referenced(inner.backendHttpSettings) });
    }
    const clients = clientsOf(subnetId, address.family, port, book, networks, resources, note, name);
    const seen = new Set<string>();
    for (const end of ends) {
      if (end.pool === '' || seen.has(`${end.pool}|${end.setting}`.toLowerCase())) continue;
      seen.add(`${end.pool}|${end.setting}`.toLowerCase());
      const setting = properties(settings.get(end.setting.toLowerCase()));
      const back = whole(setting.port) ?? (text(setting.protocol).toLowerCase() === 'https' ? 443 : 80);
      const pool = properties(pools.get(end.pool.toLowerCase()));
      const shared = {
        via: 'application-gateway',
        id,
        rule: ruleName,
        protocols: text(listener.protocol).toLowerCase() === 'udp' ? 2 : 1,
        address: address.address,
        front: { from: port, to: port },
        clients,
        back: { from: back, to: back },
        from,
        fromKey: id.toLowerCase(),
        network,
        privateAddress: '',
        hops: [describePublicAddress(address), `application gateway ${name}, rule ${ruleName}: port ${port} → ${back}`],
      } as const;
      // A network interface may join a pool from its own side: the pool's id is then what it is found by.
      relays.push({ ...shared, target: { config: end.pool.toLowerCase() } });
      for (const config of referencedAll(pool.backendIPConfigurations)) {
        relays.push({ ...shared, target: { config: config.toLowerCase() } });
      }
      for (const item of list(pool.backendAddresses)) {
        const target = text(object(item).ipAddress);
        const host = text(object(item).fqdn);
        if (target !== '') relays.push({ ...shared, target: { address: target } });
        if (host !== '') {
          note(
            `application gateway ${name} sends to the name ${printable(host, 120)}: whether that is this VM is not known`,
          );
        }
      }
    }
  }
  return relays;
}

/** The clients that the group on the gateway's own subnet lets reach a listener. */
function clientsOf(
  subnetId: string,
  family: Family,
  port: number,
  book: FilterBook,
  networks: Networks,
  resources: NetworkResources,
  note: (sentence: string) => void,
  name: string,
): Clients {
  const filters = book.filtersFor(subnetId, undefined);
  for (const sentence of [filters.unread.subnet, ...filters.unread.admin]) {
    if (sentence === '') continue;
    note(
      `application gateway ${name} is in a subnet whose filter is not known (${sentence}): taken as letting everyone in`,
    );
  }
  const arrival = {
    family,
    destination: subnetPrefixes(resources.get(subnetId)),
    groups: new Set<string>(),
    network: networks.place(subnetId),
  };
  if (filters.chain.admin === undefined && !filters.grouped) return { v4: INTERNET_V4, v6: INTERNET_V6, tags: [] };
  const tags = new Set<string>();
  if (family === 4) {
    const flows = book
      .flowsV4(filters.chain, arrival, INTERNET_V4, '')
      .tcp.filter((flow) => flow.from <= port && port <= flow.to);
    for (const flow of flows) for (const tag of flow.tags) tags.add(tag);
    const sure = flows.find((flow) => flow.tags.length === 0);
    return { v4: sure?.sources ?? [], v6: [], tags: [...tags] };
  }
  const flows = book
    .flowsV6(filters.chain, arrival, INTERNET_V6, '')
    .tcp.filter((flow) => flow.from <= port && port <= flow.to);
  for (const flow of flows) for (const tag of flow.tags) tags.add(tag);
  const sure = flows.find((flow) => flow.tags.length === 0);
  return { v4: [], v6: sure?.sources ?? [], tags: [...tags] };
}
