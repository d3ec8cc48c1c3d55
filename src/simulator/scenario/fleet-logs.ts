// What agents and the platform log besides logons: heartbeats, listening ports, connections, changes in Azure.
import type { Row } from '../world.ts';
import { dice, guidOf } from './seeded.ts';
import { armId, type Place } from './tenant.ts';
import { at, hour, minute, now, sevenDigits } from './time.ts';
import type { Host } from './windows-logons.ts';

export interface Beating extends Host {
  os: 'Windows' | 'Linux';
  osName: string;
  place: Place;
  name: string;
  /** Milliseconds since 1970. */
  last: number;
}

/** One heartbeat an hour for a day, and one a minute for the last five minutes. */
export function heartbeats(machine: Beating): Row[] {
  const ages = [...Array.from({ length: 24 }, (_, index) => (24 - index) * hour), 4, 3, 2, 1, 0].map((age) =>
    age < hour ? age * minute : age,
  );
  const vmId = guidOf(`vm:${machine.resourceId}`);
  return ages.map((age) => ({
    TimeGenerated: sevenDigits(machine.last - age, 4021),
    Computer: machine.computer,
    Category: 'Azure Monitor Agent',
    OSType: machine.os,
    OSName: machine.osName,
    Version: '1.28.1.0',
    ComputerEnvironment: 'Azure',
    SubscriptionId: machine.place.subscription,
    ResourceGroup: machine.place.group,
    ResourceProvider: 'Microsoft.Compute',
    Resource: machine.name,
    ResourceId: armId(machine.place, 'Microsoft.Compute/virtualMachines', machine.name),
    ResourceType: 'virtualMachines',
    VMUUID: vmId,
    ComputerIP: '',
    RemoteIPCountry: 'United States',
    SourceSystem: 'OpsManager',
    Type: 'Heartbeat',
    _ResourceId: machine.resourceId,
  }));
}

/** Column types of the tables that the usual schemas lack. */
export const extraSchemas: Record<string, Record<string, string>> = {
  VMBoundPort: {
    TimeGenerated: 'datetime',
    Computer: 'string',
    Machine: 'string',
    Process: 'string',
    ProcessName: 'string',
    Ip: 'string',
    Port: 'int',
    PortId: 'string',
    Protocol: 'string',
    IsWildcardBind: 'bool',
    LinksEstablished: 'int',
    LinksLive: 'int',
    SourceSystem: 'string',
    Type: 'string',
    _ResourceId: 'string',
  },
  VMConnection: {
    TimeGenerated: 'datetime',
    Computer: 'string',
    Machine: 'string',
    Direction: 'string',
    ProcessName: 'string',
    SourceIp: 'string',
    DestinationIp: 'string',
    DestinationPort: 'int',
    Protocol: 'string',
    RemoteIp: 'string',
    RemoteCountry: 'string',
    LinksEstablished: 'int',
    LinksTerminated: 'int',
    LinksFailed: 'int',
    LinksLive: 'int',
    BytesSent: 'long',
    BytesReceived: 'long',
    SourceSystem: 'string',
    Type: 'string',
    _ResourceId: 'string',
  },
};

/** A port that a process of the machine listens on, seen every hour since `since`, at most for the last day. */
export function boundPort(host: Host, process: string, port: number, since: number): Row[] {
  const end = at(now);
  const rows: Row[] = [];
  for (let time = Math.max(since, end - 24 * hour); time < end; time += hour)
    rows.push(portRow(host, process, port, time));
  // The first sighting, so that a query over a longer time finds since when.
  if (since < end - 24 * hour) rows.unshift(portRow(host, process, port, since));
  return rows;
}

function portRow(host: Host, process: string, port: number, time: number): Row {
  return {
    TimeGenerated: sevenDigits(time, 0),
    Computer: host.computer,
    Machine: `m-${guidOf(`machine:${host.resourceId}`)}`,
    Process: `p-${guidOf(`${host.resourceId}:${process}`).slice(0, 8)}`,
    ProcessName: process,
    Ip: '0.0.0.0',
    Port: port,
    PortId: `i-${guidOf(`${host.resourceId}:${port}`).slice(0, 8)}`,
    Protocol: 'tcp',
    IsWildcardBind: true,
    LinksEstablished: 3,
    LinksLive: 1,
    SourceSystem: 'Insights',
    Type: 'VMBoundPort',
    _ResourceId: host.resourceId,
  };
}

/** Inbound connections to one port, one row a remote address, spread over the last day. */
export function inboundConnections(
  host: Host,
  address: string,
  process: string,
  port: number,
  remotes: { remote: string; links?: number }[],
): Row[] {
  const random = dice(`connections:${host.resourceId}:${port}`);
  return remotes.map(({ remote, links }, index) => ({
    TimeGenerated: sevenDigits(at(now) - 10 * minute - index * 93 * minute, 0),
    Computer: host.computer,
    Machine: `m-${guidOf(`machine:${host.resourceId}`)}`,
    Direction: 'inbound',
    ProcessName: process,
    SourceIp: remote,
    DestinationIp: address,
    DestinationPort: port,
    Protocol: 'tcp',
    RemoteIp: remote,
    RemoteCountry: '',
    LinksEstablished: links ?? random.whole(1, 90),
    LinksTerminated: links ?? random.whole(1, 90),
    LinksFailed: 0,
    LinksLive: 0,
    BytesSent: random.whole(2000, 90000),
    BytesReceived: random.whole(2000, 90000),
    SourceSystem: 'Insights',
    Type: 'VMConnection',
    _ResourceId: host.resourceId,
  }));
}
