import { isEmpty, type Json, list, object, properties, text } from '../../arm/json.ts';

/** The types that there is one of for each VM, in lower case. */
export const INTERFACES = 'microsoft.network/networkinterfaces';
export const ADDRESSES = 'microsoft.network/publicipaddresses';
/** The same of instances of Uniform scale sets. */
export const INSTANCE_INTERFACES = 'microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces';
export const INSTANCE_ADDRESSES = `${INSTANCE_INTERFACES}/ipconfigurations/publicipaddresses`;

/** The lists of an ipConfiguration that lead to it or place it in groups; most VMs have none of them. */
const LISTS = [
  'loadBalancerBackendAddressPools',
  'loadBalancerInboundNatRules',
  'loadBalancerInboundNatPools',
  'applicationGatewayBackendAddressPools',
  'applicationSecurityGroups',
] as const;

/**
 * Makes light copies of the bodies that a fleet has one of for each VM: network interfaces and public addresses,
 * with exactly what exposure reads of them, each kind in one shape. What many share (the ids they refer to, SKUs) is
 * kept once. Bodies without properties are returned as they are.
 */
export class LightBodies {
  readonly #ids = new Map<string, Json>();
  readonly #skus = new Map<string, Json>();

  /** A reference, the same object for the same id. Expanded ones, which carry the resource itself, are left alone. */
  #reference(value: unknown): unknown {
    if (!value) return undefined;
    const raw = object(value);
    if (raw.properties !== undefined) return value;
    const id = text(raw.id);
    let known = this.#ids.get(id);
    if (known === undefined) {
      known = { id };
      this.#ids.set(id, known);
    }
    return known;
  }

  /** A network interface. */
  networkInterface(raw: Json): Json {
    const props = properties(raw);
    if (isEmpty(props)) return raw;
    return {
      id: raw.id,
      type: INTERFACES,
      properties: {
        networkSecurityGroup: this.#reference(props.networkSecurityGroup),
        ipConfigurations: list(props.ipConfigurations).map((config) => this.#config(object(config), text(raw.id))),
      },
    };
  }

  #config(config: Json, networkInterface: string): Json {
    const inner = properties(config);
    const kept: Record<string, unknown> = {
      privateIPAddress: inner.privateIPAddress,
      privateIPAddressVersion: inner.privateIPAddressVersion,
      publicIPAddress: inner.publicIPAddress,
      subnet: this.#reference(inner.subnet),
    };
    for (const name of LISTS) if (inner[name] !== undefined) kept[name] = inner[name];
    const { id, name } = config;
    // The id mostly follows from the interface's id and the name: it is made again where it is asked for.
    const told = id === `${networkInterface}/ipConfigurations/${text(name)}`;
    return { id: told ? undefined : id, name, properties: kept };
  }

  /** A public address. */
  publicAddress(raw: Json): Json {
    const props = properties(raw);
    if (isEmpty(props)) return raw;
    const { ipAddress, publicIPAddressVersion } = props;
    return {
      id: raw.id,
      type: ADDRESSES,
      sku: this.#sku(text(object(raw.sku).name)),
      properties: { ipAddress, publicIPAddressVersion },
    };
  }

  #sku(name: string): Json {
    let known = this.#skus.get(name);
    if (known === undefined) {
      known = { name };
      this.#skus.set(name, known);
    }
    return known;
  }
}
