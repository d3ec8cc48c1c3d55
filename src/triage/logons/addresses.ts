import ipaddr from 'ipaddr.js';

/**
 * A source address in one form: IPv4 dotted, IPv6 compressed and without zone, `::ffff:203.0.113.7` as the IPv4 that
 * it is. "" when the event names no address (`-`, nothing, unspecified, `LOCAL`). A host name stays, lower case.
 */
export function sourceAddress(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '-') return '';
  const bare = trimmed.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (!/^[0-9a-f:.]+$/i.test(bare)) {
    const name = bare.toLowerCase();
    return name === 'local' || name === 'unknown' ? '' : name.slice(0, 255);
  }
  if (!ipaddr.isValid(bare)) return bare.toLowerCase().slice(0, 255);
  const address = ipaddr.process(bare);
  return address.range() === 'unspecified' ? '' : address.toString();
}

/** Does every logon of the VM itself share this address, so that it says nothing about who came? */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) ? ipaddr.process(address).range() === 'loopback' : address === 'localhost';
}

/**
 * The network that one subscriber has, as IPv6 is given out: the /64 of an address; "" for everything else. Such
 * a network holds more addresses than there are of IPv4.
 */
export function subscriberNetwork(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return '';
  const { parts } = ipaddr.IPv6.parse(address);
  return `${new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0])}/64`;
}
