// Microsoft Defender for Cloud as Resource Graph's securityresources print it. Resource Manager prints the same records
// with alerts in other letter case.
import type { ArmResource, Row } from '../world.ts';
import { graphRow } from './graph.ts';
import { guidOf, hashOf } from './seeded.ts';
import { type Place, tenantId } from './tenant.ts';
import { ago, at, hour, sevenDigits } from './time.ts';

export interface AlertSpec {
  place: Place;
  machineId: string;
  machine: string;
  alertType: string;
  title: string;
  description: string;
  severity: 'High' | 'Medium' | 'Low' | 'Informational';
  intent: string;
  start: string;
  end: string;
  attacker: string;
  attempts: number;
  status?: 'Active' | 'Dismissed' | 'Resolved';
  techniques?: string[];
}

const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Resource Graph prints the names of an alert's properties, and of the resources it names, in Pascal case. */
function pascalCased(properties: Row): Row {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [pascal(key), value]));
}

/** A security alert on a machine. */
export function alert(spec: AlertSpec): Row {
  const { place, machineId, machine, start, end, attacker } = spec;
  const ticks = 2_517_000_000_000_000_000n + BigInt(hashOf(`${machineId}${spec.alertType}`)) * 100_000n;
  const name = `${ticks}_${guidOf(`alert:${machineId}:${spec.alertType}:${start}`)}`;
  const low = machineId.toLowerCase();
  const generated = sevenDigits(at(end) + 64_000, 3310);
  const properties = {
    status: spec.status ?? 'Active',
    timeGeneratedUtc: generated,
    processingEndTimeUtc: generated,
    version: '2022-01-01.0',
    vendorName: 'Microsoft',
    productName: 'Microsoft Defender for Cloud',
    alertType: spec.alertType,
    startTimeUtc: start,
    endTimeUtc: end,
    severity: spec.severity,
    isIncident: false,
    systemAlertId: name,
    intent: spec.intent,
    techniques: spec.techniques ?? [],
    resourceIdentifiers: [
      pascalCased({
        $id: `${place.location}_1`,
        azureResourceId: low,
        type: 'AzureResource',
        azureResourceTenantId: tenantId,
      }),
    ],
    compromisedEntity: machine,
    alertDisplayName: spec.title,
    description: spec.description,
    remediationSteps: [
      'Enforce the use of strong passwords and do not re-use them.',
      'Limit the source addresses by a network security group.',
    ],
    extendedProperties: {
      'attacker source IP': attacker,
      'number of failed authentication attempts to host': String(spec.attempts),
      resourceType: 'Virtual Machine',
    },
    entities: [
      { $id: `${place.location}_2`, resourceId: low, type: 'azure-resource' },
      { $id: `${place.location}_3`, azureID: low, hostName: machine, type: 'host' },
      { $id: `${place.location}_4`, address: attacker, type: 'ip' },
    ],
    alertUri: `https://portal.azure.com/#blade/Microsoft_Azure_Security_AzureDefenderForData/AlertBlade/alertId/${name}/subscriptionId/${place.subscription}/resourceGroup/${place.group}/referencedFrom/alertDeepLink/location/${place.location}`,
  };
  const resource: ArmResource = {
    id: `/subscriptions/${place.subscription}/resourceGroups/${place.group}/providers/Microsoft.Security/locations/${place.location}/alerts/${name}`,
    name,
    type: 'Microsoft.Security/Locations/alerts',
    location: place.location,
    properties: pascalCased(properties),
  };
  return graphRow(resource, tenantId);
}

/** Recommendations by their key, as Microsoft's catalogue has them. */
const recommendations = {
  closePorts: [
    'bc303248-3d14-44c2-96a0-55f5c326b5fe',
    'Management ports should be closed on your virtual machines',
    'Medium',
  ],
  justInTime: [
    '805651bc-6ecd-4c73-9b55-97a19d0582d0',
    'Management ports of virtual machines should be protected with just-in-time network access control',
    'High',
  ],
  restrictPorts: [
    '3b20e985-f71f-483b-b078-f30d73936d43',
    'All network ports should be restricted on network security groups associated to your virtual machine',
    'High',
  ],
  subnetGroup: [
    'eade5b56-eefd-444f-95c8-23f29e5d93cb',
    'Subnets should be associated with a network security group',
    'Low',
  ],
  updates: [
    'e1145ab1-eb4f-43d8-911b-36ddf771d13f',
    'System updates should be installed on your machines (powered by Azure Update Manager)',
    'Medium',
  ],
  backup: ['f2f595ec-5dc6-68b4-82ef-b63563e9c610', 'Azure Backup should be enabled for virtual machines', 'Low'],
} as const;

export type Recommendation = keyof typeof recommendations;
export const recommendationKeys: Recommendation[] = [
  'closePorts',
  'justInTime',
  'restrictPorts',
  'subnetGroup',
  'updates',
  'backup',
];

/** One recommendation's state on a machine. */
export function assessment(
  machineId: string,
  key: Recommendation,
  code: 'Healthy' | 'Unhealthy' | 'NotApplicable',
  cause?: { cause: string; description: string },
): Row {
  const [name, displayName, severity] = recommendations[key];
  const id = `${machineId}/providers/Microsoft.Security/assessments/${name}`;
  const status = {
    code,
    ...cause,
    firstEvaluationDate: ago(90 * 24 * hour),
    statusChangeDate: ago((3 + (hashOf(id) % 50)) * 24 * hour),
  };
  const resource: ArmResource = {
    id,
    name,
    type: 'Microsoft.Security/assessments',
    properties: {
      resourceDetails: { Source: 'Azure', Id: machineId, ResourceType: 'Microsoft.Compute/virtualMachines' },
      displayName,
      status,
      additionalData: {},
      metadata: { displayName, severity, assessmentType: 'BuiltIn', categories: ['Compute'] },
    },
  };
  return graphRow(resource, tenantId);
}

/** One CVE of a program to update. `severity` may be Unknown, and then it has no score. */
export interface CveDetail {
  cve: string;
  severity: 'Critical' | 'High' | 'Medium' | 'Low' | 'Unknown';
  score?: number;
  fixedVersion?: string;
  published: string;
  description: string;
}

export interface ProgramToUpdate {
  /** "Update 7-Zip" */
  title: string;
  program: string;
  vendor: string;
  version: string;
  severity: 'High' | 'Medium' | 'Low';
  cves: CveDetail[];
  code?: 'Healthy' | 'Unhealthy';
  /** How long ago it was first evaluated, in milliseconds. */
  age?: number;
  remediation?: string;
}

/** One CVE as `CvesDetails` prints it (users' probes of August 2026: the names are in Pascal case). */
function cveDetail({ cve, severity, score, fixedVersion, published, description }: CveDetail): Row {
  return {
    CveId: cve,
    AdditionalIdentifiers: null,
    Description: description,
    Cvss: [{ Key: '3.1', Value: { Base: score ?? null, CvssVectorString: null } }],
    CvssSource: 'NVD',
    Severity: severity,
    PublishedDate: published,
    FixStatus: fixedVersion === undefined ? 'NoFixAvailable' : 'FixAvailable',
    FixedVersion: fixedVersion ?? '',
    ExploitabilityDetails: { ExploitStepsPublished: false, ExploitStepsVerified: false, IsInExploitKit: false },
    References: [],
    Tags: [],
  };
}

/**
 * A program with known vulnerabilities. Since 2026 each is an assessment of its own in the category SoftwareUpdate, its
 * CVEs a JSON text; the assessment of the scan and its sub-assessments ended on 2026-07-31.
 */
export function programToUpdate(machineId: string, found: ProgramToUpdate): Row {
  const name = guidOf(`update:${machineId}:${found.program}`);
  const evaluated = sevenDigits(at(ago(found.age ?? 9 * hour)));
  const resource: ArmResource = {
    id: `${machineId}/providers/Microsoft.Security/assessments/${name}`,
    name,
    type: 'Microsoft.Security/assessments',
    properties: {
      resourceDetails: { Source: 'Azure', Id: machineId, ResourceType: 'Microsoft.Compute/virtualMachines' },
      displayName: found.title,
      status: { code: found.code ?? 'Unhealthy', firstEvaluationDate: evaluated, statusChangeDate: evaluated },
      additionalData: {
        SoftwareName: found.program,
        SoftwareVendor: found.vendor,
        ScannersDetails: JSON.stringify({ mdvm: { DetectedSoftwareVersions: [found.version] } }),
        CvesDetails: JSON.stringify(found.cves.map(cveDetail)),
      },
      metadata: {
        displayName: found.title,
        severity: found.severity,
        assessmentType: 'BuiltIn',
        recommendationCategory: 'SoftwareUpdate',
        remediationDescription: found.remediation ?? `Update ${found.program} to its newest version.`,
      },
    },
  };
  return graphRow(resource, tenantId);
}

/** What Defender calls the end of a program's support. */
export type SupportStatus =
  | 'None'
  | 'noLongerSupported'
  | 'versionNoLongerSupported'
  | 'upcomingNoLongerSupported'
  | 'upcomingVersionNoLongerSupported';

/** A program that Defender found on a machine. `support` is the status and the day on which support ends. */
export function software(
  machineId: string,
  vendor: string,
  program: string,
  version: string,
  known: number,
  support: [status: SupportStatus, date: string] = ['None', ''],
): Row {
  const name = `${program}_${version}`;
  const resource: ArmResource = {
    id: `${machineId}/providers/Microsoft.Security/softwareInventories/${name}`,
    name,
    type: 'Microsoft.Security/softwareInventories',
    properties: {
      deviceId: guidOf(`device:${machineId}`).replaceAll('-', ''),
      osPlatform: 'WindowsServer2019',
      vendor,
      softwareName: program,
      version,
      endOfSupportStatus: support[0],
      ...(support[1] === '' ? {} : { endOfSupportDate: support[1] }),
      numberOfKnownVulnerabilities: known,
      firstSeenAt: '2026-04-02 11:20:07',
    },
  };
  return graphRow(resource, tenantId);
}

/** The subscription's Secure Score and its controls. */
export function secureScore(
  subscription: string,
  max: number,
  percentage: number,
  controls: { name: string; max: number; current: number; healthy: number; unhealthy: number }[],
): Row[] {
  const id = `/subscriptions/${subscription}/providers/Microsoft.Security/secureScores/ascScore`;
  const score = { max, current: Math.round(max * percentage * 100) / 100, percentage };
  const total: ArmResource = {
    id,
    name: 'ascScore',
    type: 'Microsoft.Security/secureScores',
    properties: { displayName: 'ASC score', score, weight: 41 },
  };
  return [
    graphRow(total, tenantId),
    ...controls.map((control) => {
      const name = guidOf(`control:${control.name}`);
      const own = {
        max: control.max,
        current: control.current,
        percentage: Math.round((control.current / control.max) * 10_000) / 10_000,
      };
      const resource: ArmResource = {
        id: `${id}/secureScoreControls/${name}`,
        name,
        type: 'Microsoft.Security/secureScores/secureScoreControls',
        properties: {
          displayName: control.name,
          score: own,
          healthyResourceCount: control.healthy,
          unhealthyResourceCount: control.unhealthy,
          notApplicableResourceCount: 0,
          weight: control.healthy + control.unhealthy,
          definition: {
            id: `/providers/Microsoft.Security/secureScoreControlDefinitions/${name}`,
            name,
            type: 'Microsoft.Security/secureScoreControlDefinitions',
            properties: { displayName: control.name, maxScore: control.max, source: { sourceType: 'BuiltIn' } },
          },
        },
      };
      return graphRow(resource, tenantId);
    }),
  ];
}

/** A Defender plan of a subscription. Without `Standard` there are neither alerts nor just-in-time access. */
export function plan(subscription: string, name: string, tier: 'Free' | 'Standard', subPlan?: string): Row {
  const resource: ArmResource = {
    id: `/subscriptions/${subscription}/providers/Microsoft.Security/pricings/${name}`,
    name,
    type: 'Microsoft.Security/pricings',
    properties: {
      pricingTier: tier,
      ...(subPlan === undefined ? {} : { subPlan }),
      freeTrialRemainingTime: 'PT0S',
      ...(tier === 'Standard' ? { enablementTime: '2025-01-14T08:12:40.1187344Z' } : {}),
    },
  };
  return graphRow(resource, tenantId);
}

/** A just-in-time policy for one machine with one request that has ended. Resource Graph does not list these. */
export function justInTimePolicy(place: Place, machineId: string, requestor: string, from: string): ArmResource {
  const port = (number: number): Record<string, unknown> => ({
    number,
    protocol: '*',
    allowedSourceAddressPrefix: '*',
    maxRequestAccessDuration: 'PT3H',
  });
  return {
    id: `/subscriptions/${place.subscription}/resourceGroups/${place.group}/providers/Microsoft.Security/locations/${place.location}/jitNetworkAccessPolicies/default`,
    name: 'default',
    type: 'Microsoft.Security/locations/jitNetworkAccessPolicies',
    kind: 'Basic',
    location: place.location,
    properties: {
      virtualMachines: [{ id: machineId, ports: [port(3389), port(5986)] }],
      requests: [
        {
          virtualMachines: [
            {
              id: machineId,
              ports: [
                {
                  number: 3389,
                  allowedSourceAddressPrefix: from,
                  endTimeUtc: sevenDigits(at(ago(31 * hour)), 4410),
                  status: 'Revoked',
                  statusReason: 'Expired',
                },
              ],
            },
          ],
          startTimeUtc: sevenDigits(at(ago(34 * hour)), 4410),
          requestor,
          justification: 'monthly maintenance',
        },
      ],
      provisioningState: 'Succeeded',
    },
  };
}
