import type { Protocol } from './sets/protocols.ts';

/** How dangerous it is that strangers reach the port: management and data first, what is meant for the public last. */
export type Danger = 'management' | 'data' | 'public';

interface Service {
  name: string;
  port: number;
  protocols: readonly Protocol[];
  danger: Danger;
}

const T: readonly Protocol[] = ['tcp'];
const U: readonly Protocol[] = ['udp'];
const TU: readonly Protocol[] = ['tcp', 'udp'];

// Ports by IANA's registry and by the products' own documentation. In order of danger within each kind.
const SERVICES: readonly Service[] = [
  { name: 'RDP', port: 3389, protocols: TU, danger: 'management' },
  { name: 'SSH', port: 22, protocols: T, danger: 'management' },
  { name: 'WinRM', port: 5985, protocols: T, danger: 'management' },
  { name: 'WinRM over TLS', port: 5986, protocols: T, danger: 'management' },
  { name: 'SMB', port: 445, protocols: T, danger: 'management' },
  { name: 'Telnet', port: 23, protocols: T, danger: 'management' },
  { name: 'RPC', port: 135, protocols: T, danger: 'management' },
  { name: 'NetBIOS names', port: 137, protocols: U, danger: 'management' },
  { name: 'NetBIOS datagrams', port: 138, protocols: U, danger: 'management' },
  { name: 'NetBIOS sessions', port: 139, protocols: T, danger: 'management' },
  { name: 'VNC', port: 5900, protocols: T, danger: 'management' },
  { name: 'VNC', port: 5901, protocols: T, danger: 'management' },
  { name: 'Docker', port: 2375, protocols: T, danger: 'management' },
  { name: 'Docker over TLS', port: 2376, protocols: T, danger: 'management' },
  { name: 'Kubernetes API', port: 6443, protocols: T, danger: 'management' },
  { name: 'kubelet', port: 10250, protocols: T, danger: 'management' },
  { name: 'etcd', port: 2379, protocols: T, danger: 'management' },
  { name: 'TeamViewer', port: 5938, protocols: TU, danger: 'management' },
  { name: 'rsh', port: 514, protocols: T, danger: 'management' },
  { name: 'rlogin', port: 513, protocols: T, danger: 'management' },
  { name: 'X11', port: 6000, protocols: T, danger: 'management' },
  { name: 'Webmin', port: 10000, protocols: T, danger: 'management' },
  { name: 'IPMI', port: 623, protocols: U, danger: 'management' },
  { name: 'SNMP', port: 161, protocols: U, danger: 'management' },
  { name: 'SQL Server', port: 1433, protocols: T, danger: 'data' },
  { name: 'SQL Server browser', port: 1434, protocols: U, danger: 'data' },
  { name: 'LDAP', port: 389, protocols: TU, danger: 'data' },
  { name: 'LDAPS', port: 636, protocols: T, danger: 'data' },
  { name: 'Global Catalog', port: 3268, protocols: T, danger: 'data' },
  { name: 'Global Catalog over TLS', port: 3269, protocols: T, danger: 'data' },
  { name: 'Kerberos', port: 88, protocols: TU, danger: 'data' },
  { name: 'Kerberos passwords', port: 464, protocols: TU, danger: 'data' },
  { name: 'AD web services', port: 9389, protocols: T, danger: 'data' },
  { name: 'FTP', port: 21, protocols: T, danger: 'data' },
  { name: 'FTP data', port: 20, protocols: T, danger: 'data' },
  { name: 'TFTP', port: 69, protocols: U, danger: 'data' },
  { name: 'MySQL', port: 3306, protocols: T, danger: 'data' },
  { name: 'PostgreSQL', port: 5432, protocols: T, danger: 'data' },
  { name: 'Oracle', port: 1521, protocols: T, danger: 'data' },
  { name: 'MongoDB', port: 27017, protocols: T, danger: 'data' },
  { name: 'Redis', port: 6379, protocols: T, danger: 'data' },
  { name: 'Elasticsearch', port: 9200, protocols: T, danger: 'data' },
  { name: 'Elasticsearch nodes', port: 9300, protocols: T, danger: 'data' },
  { name: 'Kibana', port: 5601, protocols: T, danger: 'data' },
  { name: 'Memcached', port: 11211, protocols: TU, danger: 'data' },
  { name: 'Cassandra', port: 9042, protocols: T, danger: 'data' },
  { name: 'CouchDB', port: 5984, protocols: T, danger: 'data' },
  { name: 'RabbitMQ', port: 5672, protocols: T, danger: 'data' },
  { name: 'Kafka', port: 9092, protocols: T, danger: 'data' },
  { name: 'ZooKeeper', port: 2181, protocols: T, danger: 'data' },
  { name: 'NFS', port: 2049, protocols: TU, danger: 'data' },
  { name: 'rsync', port: 873, protocols: T, danger: 'data' },
  { name: 'iSCSI', port: 3260, protocols: T, danger: 'data' },
  { name: 'portmapper', port: 111, protocols: TU, danger: 'data' },
  { name: 'syslog', port: 514, protocols: U, danger: 'data' },
  { name: 'POP3', port: 110, protocols: T, danger: 'data' },
  { name: 'IMAP', port: 143, protocols: T, danger: 'data' },
  { name: 'POP3S', port: 995, protocols: T, danger: 'public' },
  { name: 'IMAPS', port: 993, protocols: T, danger: 'public' },
  { name: 'DNS', port: 53, protocols: TU, danger: 'public' },
  { name: 'NTP', port: 123, protocols: U, danger: 'public' },
  { name: 'SMTP', port: 25, protocols: T, danger: 'public' },
  { name: 'SMTP over TLS', port: 465, protocols: T, danger: 'public' },
  { name: 'mail submission', port: 587, protocols: T, danger: 'public' },
  { name: 'HTTP', port: 80, protocols: T, danger: 'public' },
  { name: 'HTTPS', port: 443, protocols: TU, danger: 'public' },
  { name: 'HTTP', port: 8080, protocols: T, danger: 'public' },
  { name: 'HTTPS', port: 8443, protocols: T, danger: 'public' },
  { name: 'SIP', port: 5060, protocols: TU, danger: 'public' },
  { name: 'SIP over TLS', port: 5061, protocols: T, danger: 'public' },
  { name: 'RD Gateway', port: 3391, protocols: U, danger: 'public' },
  { name: 'IKE', port: 500, protocols: U, danger: 'public' },
  { name: 'IPsec NAT-T', port: 4500, protocols: U, danger: 'public' },
  { name: 'OpenVPN', port: 1194, protocols: TU, danger: 'public' },
  { name: 'PPTP', port: 1723, protocols: T, danger: 'public' },
  { name: 'WireGuard', port: 51820, protocols: U, danger: 'public' },
];

const NAMED_IN_RANGE = 3;

/**
 * The field's name for a port ("RDP"), or for a range the most dangerous ones in it ("RDP, SSH, WinRM and 40 more").
 * "" when nothing is known of the port, or for protocols without ports.
 */
export function serviceName(protocol: Protocol, from: number, to: number): string {
  const services = servicesIn(protocol, from, to);
  if (services.length === 0) return '';
  const names = [...new Set(services.map((service) => service.name))];
  if (names.length <= NAMED_IN_RANGE) return names.join(', ');
  return `${names.slice(0, NAMED_IN_RANGE).join(', ')} and ${names.length - NAMED_IN_RANGE} more`;
}

const NO_SERVICES: readonly Service[] = [];
const using = (protocol: Protocol) => SERVICES.filter((service) => service.protocols.includes(protocol));
const ofTcp = using('tcp');
const ofUdp = using('udp');
const atTcp = Map.groupBy(ofTcp, (service) => service.port);
const atUdp = Map.groupBy(ofUdp, (service) => service.port);

function servicesIn(protocol: Protocol, from: number, to: number): readonly Service[] {
  if (protocol !== 'tcp' && protocol !== 'udp') return NO_SERVICES;
  if (from === to) return (protocol === 'tcp' ? atTcp : atUdp).get(from) ?? NO_SERVICES;
  // Most ranges are short and hold none: nothing is made for them.
  let found: Service[] | undefined;
  for (const service of protocol === 'tcp' ? ofTcp : ofUdp) {
    if (service.port < from || service.port > to) continue;
    if (found === undefined) found = [service];
    else found.push(service);
  }
  return found ?? NO_SERVICES;
}

const KIND: Record<Danger, number> = { management: 0, data: 1000, public: 3000 };
const rankOf = new Map(SERVICES.map((service, at) => [service, KIND[service.danger] + at]));

/**
 * How dangerous an open range is, 0 the worst: by its most dangerous service. A port of which nothing is known comes
 * after management and data and before what is meant for the public: it may carry anything ("RDP moved to 4389").
 */
export function dangerRank(protocol: Protocol, from: number, to: number): number {
  if (protocol !== 'tcp' && protocol !== 'udp') return 4000;
  const services = servicesIn(protocol, from, to);
  const unnamed = to - from + 1 > services.length ? 2000 : 4000;
  let best = 4000;
  for (const service of services) best = Math.min(best, rankOf.get(service) ?? 4000);
  return Math.min(best, unnamed) + (protocol === 'udp' ? 100 : 0);
}
