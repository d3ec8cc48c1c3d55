import { list, object, properties, type Raw, text } from './raw.ts';

const INTERFACES = 'microsoft.network/networkinterfaces';
const ADDRESSES = 'microsoft.network/publicipaddresses';

/**
 * Makes light copies of the bodies that a fleet has one of for each machine: network interfaces and public addresses,
 * with what exposure reads of them. The ids they refer to, which many share, are kept once. Other bodies are returned as
 * they are.
 */
export class LightBodies {
  readonly #ids = new Map<string, Raw>();

  of(body: unknown): unknown {
    const raw = object(body);
    const type = text(raw.type).toLowerCase();
    if (type === INTERFACES) return this.#interface(raw);
    if (type === ADDRESSES) return address(raw);
    return body;
  }

  /** A reference, the same object for the same id. Expanded ones, which carry the resource itself, are left alone. */
  #reference(value: unknown): unknown {
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

  #interface(raw: Raw): Raw {
    const props = properties(raw);
    return {
      id: raw.id,
      type: INTERFACES,
      properties: {
        ...(props.networkSecurityGroup ? { networkSecurityGroup: this.#reference(props.networkSecurityGroup) } : {}),
        ipConfigurations: list(props.ipConfigurations).map((config) => this.#config(object(config))),
      },
    };
  }

  #config(config: Raw): Raw {
    const { etag, type, name, properties: inner, ...rest } = config;
    if (text(rest.id) === '') return config;
    const { provisioningState, privateIPAllocationMethod, primary, subnet, ...kept } = object(inner);
    return { ...rest, properties: { ...kept, ...(subnet ? { subnet: this.#reference(subnet) } : {}) } };
  }
}

function address(raw: Raw): Raw {
  const { ipAddress, publicIPAddressVersion } = properties(raw);
  return {
    id: raw.id,
    type: ADDRESSES,
    sku: raw.sku,
    properties: { ipAddress, publicIPAddressVersion },
  };
}
