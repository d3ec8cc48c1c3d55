import { readBlock } from './addresses.ts';
import { AzureError } from './azure-error.ts';
import { type Json, list, record, records, same, text } from './json.ts';

interface Default {
  name: string;
  description: string;
  source: string;
  destination: string;
  access: string;
  priority: number;
  direction: string;
}

/** The six rules that every network security group ends with (network security groups overview). */
const defaults: Default[] = [
  {
    name: 'AllowVnetInBound',
    description: 'Allow inbound traffic from all VMs in VNET',
    source: 'VirtualNetwork',
    destination: 'VirtualNetwork',
    access: 'Allow',
    priority: 65000,
    direction: 'Inbound',
  },
  {
    name: 'AllowAzureLoadBalancerInBound',
    description: 'Allow inbound traffic from azure load balancer',
    source: 'AzureLoadBalancer',
    destination: '*',
    access: 'Allow',
    priority: 65001,
    direction: 'Inbound',
  },
  {
    name: 'DenyAllInBound',
    description: 'Deny all inbound traffic',
    source: '*',
    destination: '*',
    access: 'Deny',
    priority: 65500,
    direction: 'Inbound',
  },
  {
    name: 'AllowVnetOutBound',
    description: 'Allow outbound traffic from all VMs to all VMs in VNET',
    source: 'VirtualNetwork',
    destination: 'VirtualNetwork',
    access: 'Allow',
    priority: 65000,
    direction: 'Outbound',
  },
  {
    name: 'AllowInternetOutBound',
    description: 'Allow outbound traffic from all VMs to Internet',
    source: '*',
    destination: 'Internet',
    access: 'Allow',
    priority: 65001,
    direction: 'Outbound',
  },
  {
    name: 'DenyAllOutBound',
    description: 'Deny all outbound traffic',
    source: '*',
    destination: '*',
    access: 'Deny',
    priority: 65500,
    direction: 'Outbound',
  },
];

/** The default rules of a group, as Azure prints them. */
export function defaultSecurityRules(groupId: string, etag: string, state: string): Json[] {
  return defaults.map(({ name, description, source, destination, access, priority, direction }) => ({
    name,
    id: `${groupId}/defaultSecurityRules/${name}`,
    etag,
    type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
    properties: {
      provisioningState: state,
      description,
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: source,
      destinationAddressPrefix: destination,
      access,
      priority,
      direction,
      sourcePortRanges: [],
      destinationPortRanges: [],
      sourceAddressPrefixes: [],
      destinationAddressPrefixes: [],
    },
  }));
}

/** Service tags used in rules; regional forms (`Storage.WestEurope`) are accepted for the second group. */
const tags =
  /^(virtualnetwork|azureloadbalancer|internet|azureplatformdns|azureplatformimds|azureplatformlkm|azuretrafficmanager|gatewaymanager|azurecloud|azureactivedirectory|azureactivedirectorydomainservices|azuremonitor|azuremonitorforsap|azurebackup|azuresiterecovery|azurekeyvault|azureresourcemanager|azurearcinfrastructure|azureautomationanalysis|azureadvancedthreatprotection|azureattestation|azurecontainerregistry|azurecosmosdb|azuredatabricks|azuredataexplorermanagement|azuredevops|azuredevspaces|azuredigitaltwins|azureeventgrid|azurefrontdoor\.(frontend|backend|firstparty)|azureinformationprotection|azureiothub|azurelab|azuremachinelearning|azureopendatasets|azuresecuritycenter|azuresentinel|azuresignalr|azurespringcloud|azurestack|azurestoragesyncservice|azureupdatedelivery|azurewebpubsub|azurevirtualdesktop|windowsvirtualdesktop|windowsadmincenter|guestandhybridmanagement|hdinsight|apimanagement|appconfiguration|appservice|appservicemanagement|batchnodemanagement|cognitiveservicesmanagement|cognitiveservicesfrontend|datafactory|datafactorymanagement|dynamics365formarketingemail|eventhub|logicapps|logicappsmanagement|m365managementactivityapi|microsoftazurefluidrelay|microsoftcloudappsecurity|microsoftcontainerregistry|microsoftdefenderforendpoint|onedsanalytics|onedscollector|powerbi|powerplatforminfra|powerplatformplex|powerqueryonline|servicebus|servicefabric|sql|sqlmanagement|storage|storagesyncservice|actiongroup|azurebotservice|azurecommunicationservices|scuba|serialconsole|trafficmanager|grafana)(\.[a-z0-9]+)?$/i;

const refuse = (code: string, message: string): AzureError =>
  new AzureError(400, code, message, { extra: { details: [] } });

const badPort = (code: string, value: string): AzureError =>
  refuse(
    code,
    `Security rule has invalid Port range. Value provided: ${value}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.`,
  );

function isPortRange(value: string): boolean {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value);
  if (match === null) return false;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from <= to && to <= 65535;
}

function checkPorts(properties: Json, side: 'source' | 'destination', id: string): void {
  const title = side === 'source' ? 'SourcePortRange' : 'DestinationPortRange';
  const one = text(properties[`${side}PortRange`]) ?? '';
  const many = list(properties[`${side}PortRanges`]).map(String);
  if (one !== '' && many.length > 0) throw both(title, `${title}s`, id);
  if (one === '' && many.length === 0) throw missing(`${title}s or ${title}`, id);
  if (one !== '' && one !== '*' && !isPortRange(one)) throw badPort('SecurityRuleInvalidPortRange', one);
  for (const range of many) {
    if (!isPortRange(range)) {
      throw badPort(
        range === '*' ? 'SecurityRuleParameterContainsInvalidPortRanges' : 'SecurityRuleInvalidPortRange',
        range,
      );
    }
  }
}

const both = (one: string, other: string, id: string): AzureError =>
  refuse(
    'SecurityRuleParametersConflict',
    `Conflicting security rule parameters for security rule with Id: ${id}. Security rule cannot specify both ${one} and ${other}.`,
  );

const missing = (what: string, id: string): AzureError =>
  refuse(
    'SecurityRuleParametersMissing',
    `Required security rule parameters are missing for security rule with Id: ${id}. Security rule must specify ${what}.`,
  );

const badAddress = (value: string, id: string): AzureError =>
  refuse(
    'SecurityRuleInvalidAddressPrefix',
    `Security rule ${id} has invalid Address prefix. Value provided: ${value}`,
  );

function checkAddresses(properties: Json, side: 'source' | 'destination', id: string): void {
  const title = side === 'source' ? 'SourceAddressPrefix' : 'DestinationAddressPrefix';
  const groupField = side === 'source' ? 'SourceApplicationSecurityGroups' : 'DestinationApplicationSecurityGroups';
  const one = text(properties[`${side}AddressPrefix`]) ?? '';
  const many = list(properties[`${side}AddressPrefixes`]).map(String);
  const groups = records(properties[`${side}ApplicationSecurityGroups`]);
  if (one !== '' && many.length > 0) throw both(title, `${title}es`, id);
  if (groups.length > 0 && (one !== '' || many.length > 0)) throw both(groupField, title, id);
  if (one === '' && many.length === 0 && groups.length === 0) {
    throw missing(`${title}es, ${title}, or ${groupField}`, id);
  }
  if (one !== '' && one !== '*' && !tags.test(one) && readBlock(one, true) === undefined) throw badAddress(one, id);
  for (const prefix of many) {
    if (prefix === '*' || tags.test(prefix)) {
      throw refuse(
        'SecurityRuleParameterContainsUnsupportedValue',
        `Security rule parameter ${title} for rule with Id ${id} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: ${prefix}.`,
      );
    }
    if (readBlock(prefix, true) === undefined) throw badAddress(prefix, id);
  }
}

/**
 * Refuses a rule that the network provider refuses: fields of the wrong shape, singular and plural fields together,
 * priorities outside 100 to 4096. Codes and sentences are those that the provider's clients report.
 */
export function checkRule(rule: Json, id: string): void {
  const properties = record(rule.properties);
  const { priority } = properties;
  if (typeof priority !== 'number' || !Number.isInteger(priority) || priority < 100 || priority > 4096) {
    throw refuse(
      'SecurityRuleInvalidPriority',
      `Security rule has invalid Priority. Value provided: ${String(priority ?? 0)} Allowed range 100-4096.`,
    );
  }
  if (!/^(inbound|outbound)$/i.test(text(properties.direction) ?? '')) throw missing('Direction', id);
  if (!/^(allow|deny)$/i.test(text(properties.access) ?? '')) throw missing('Access', id);
  if (!/^(\*|tcp|udp|icmp|esp|ah)$/i.test(text(properties.protocol) ?? '')) {
    throw refuse(
      'InvalidRequestFormat',
      `Cannot parse the request: invalid value '${String(properties.protocol)}' for 'protocol' of ${id}.`,
    );
  }
  for (const side of ['source', 'destination'] as const) {
    checkPorts(properties, side, id);
    checkAddresses(properties, side, id);
  }
}

/** Refuses rules of one group that share priority and direction. */
export function checkConflicts(rules: Json[]): void {
  const seen = new Map<string, string>();
  for (const rule of rules) {
    const properties = record(rule.properties);
    const key = `${String(properties.priority)}/${String(properties.direction).toLowerCase()}`;
    const name = text(rule.name) ?? '';
    const other = seen.get(key);
    if (other !== undefined && !same(other, name)) {
      throw refuse(
        'SecurityRuleConflict',
        `Security rule ${name} conflicts with rule ${other}. Rules cannot have the same Priority and Direction. To learn more, see aka.ms/nsgrules.`,
      );
    }
    seen.set(key, name);
  }
}

const capital: ReadonlyMap<string, string> = new Map(
  Object.entries({ inbound: 'Inbound', outbound: 'Outbound', allow: 'Allow', deny: 'Deny' }),
);

/** A rule as Azure prints it after a write: both forms of each field, own id, type, state and entity tag. */
export function printedRule(rule: Json, groupId: string, etag: string, state: string): Json {
  const properties = record(rule.properties);
  const name = text(rule.name) ?? '';
  const printed: Json = { provisioningState: state };
  const fields = [
    'description',
    'protocol',
    'sourcePortRange',
    'destinationPortRange',
    'sourceAddressPrefix',
    'destinationAddressPrefix',
  ];
  for (const field of fields)
    if (typeof properties[field] === 'string' && properties[field] !== '') printed[field] = properties[field];
  printed.access = capital.get(String(properties.access).toLowerCase()) ?? properties.access;
  printed.priority = properties.priority;
  printed.direction = capital.get(String(properties.direction).toLowerCase()) ?? properties.direction;
  for (const field of [
    'sourcePortRanges',
    'destinationPortRanges',
    'sourceAddressPrefixes',
    'destinationAddressPrefixes',
  ]) {
    printed[field] = list(properties[field]);
  }
  for (const field of ['sourceApplicationSecurityGroups', 'destinationApplicationSecurityGroups']) {
    const groups = records(properties[field]);
    if (groups.length > 0) printed[field] = groups.map((group) => ({ id: group.id }));
  }
  return {
    name,
    id: `${groupId}/securityRules/${name}`,
    etag,
    type: 'Microsoft.Network/networkSecurityGroups/securityRules',
    properties: printed,
  };
}
