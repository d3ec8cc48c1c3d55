import { isObject, type Json } from '../arm/json.ts';

/** What Azure alone writes of a network interface, by the REST specification; it refuses nothing of it, nor reads it. */
const readOnly = {
  interface: ['name', 'type', 'etag'],
  properties: [
    'virtualMachine',
    'privateEndpoint',
    'tapConfigurations',
    'macAddress',
    'primary',
    'vnetEncryptionSupported',
    'defaultOutboundConnectivityEnabled',
    'hostedWorkloads',
    'dscpConfiguration',
    'resourceGuid',
    'provisioningState',
  ],
  configuration: ['etag'],
  configurationProperties: ['provisioningState', 'privateLinkConnectionProperties'],
  dns: ['appliedDnsServers', 'internalFqdn', 'internalDomainNameSuffix'],
};

function without(value: unknown, names: readonly string[]): Json {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) : {};
}

function configuration(value: unknown): Json {
  const rest = without(value, readOnly.configuration);
  return { ...rest, properties: without(rest.properties, readOnly.configurationProperties) };
}

/**
 * The body that puts a network interface back as it is: everything that Azure gave, known here or not, but for what
 * Azure alone writes.
 */
export function writableInterface(networkInterface: Json): Json {
  const rest = without(networkInterface, readOnly.interface);
  const properties = without(rest.properties, readOnly.properties);
  const { ipConfigurations, dnsSettings } = properties;
  return {
    ...rest,
    properties: {
      ...properties,
      ...(Array.isArray(ipConfigurations) ? { ipConfigurations: ipConfigurations.map(configuration) } : {}),
      ...(dnsSettings === undefined ? {} : { dnsSettings: without(dnsSettings, readOnly.dns) }),
    },
  };
}
