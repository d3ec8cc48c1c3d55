import type { LogSource } from '../rule.ts';
import { defenderLegs, defenderLinuxLegs, defenderLogons } from './defender.ts';
import { kqlText } from './kql-words.ts';
import type { Leg } from './leg.ts';
import { RuleRefused } from './refusal.ts';

/**
 * Where Log Analytics keeps what Sigma's log sources mean. Channels and event ids: Sigma Taxonomy Appendix 2.1.0 and
 * pySigma's pipelines for Windows and Sysmon (github.com/SigmaHQ/pySigma, pySigma-pipeline-sysmon, read 2026-11-30). Tables:
 * Azure Monitor's table reference: the Security log is SecurityEvent, any other log Event, syslog Syslog. Defender's: defender.ts.
 */

const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const POWERSHELL = ['Microsoft-Windows-PowerShell/Operational', 'PowerShellCore/Operational'];
const CLASSIC_POWERSHELL = ['Windows PowerShell'];

const SYSMON_EVENTS: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({
    process_creation: [1],
    file_change: [2],
    network_connection: [3],
    sysmon_status: [4, 16],
    process_termination: [5],
    driver_load: [6],
    image_load: [7],
    create_remote_thread: [8],
    raw_access_thread: [9],
    process_access: [10],
    file_event: [11],
    registry_add: [12],
    registry_delete: [12],
    registry_set: [13],
    registry_rename: [14],
    registry_event: [12, 13, 14],
    create_stream_hash: [15],
    pipe_created: [17, 18],
    wmi_event: [19, 20, 21],
    dns_query: [22],
    file_delete: [23],
    clipboard_capture: [24],
    process_tampering: [25],
    file_delete_detected: [26],
    file_block_executable: [27],
    file_block_shredding: [28],
    file_executable_detected: [29],
    sysmon_error: [255],
  }),
);

/**
 * Sysmon's event 12 is of keys and values that are made and of those that are deleted; the categories are of one of these (github.com/SigmaHQ/sigma,
 * tests/thor.yml, read 2026-11-30). By category: how the events are called that it is not about.
 */
const OTHER_CHANGE: ReadonlyMap<string, string> = new Map([
  ['registry_add', 'Delete'],
  ['registry_delete', 'Create'],
]);

/** Events of Defender's own log that name a threat and where it is, without those about what was done then (thor.yml, as above). */
const ANTIVIRUS_EVENTS = [1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116];

const POWERSHELL_EVENTS: ReadonlyMap<string, { channels: readonly string[]; id: number }> = new Map(
  Object.entries({
    ps_module: { channels: POWERSHELL, id: 4103 },
    ps_script: { channels: POWERSHELL, id: 4104 },
    ps_classic_start: { channels: CLASSIC_POWERSHELL, id: 400 },
    ps_classic_provider_start: { channels: CLASSIC_POWERSHELL, id: 600 },
    ps_classic_script: { channels: CLASSIC_POWERSHELL, id: 800 },
  }),
);

/** By service of Windows: its channels. */
const CHANNELS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    application: ['Application'],
    'application-experience': [
      'Microsoft-Windows-Application-Experience/Program-Telemetry',
      'Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant',
    ],
    applocker: [
      'Microsoft-Windows-AppLocker/MSI and Script',
      'Microsoft-Windows-AppLocker/EXE and DLL',
      'Microsoft-Windows-AppLocker/Packaged app-Deployment',
      'Microsoft-Windows-AppLocker/Packaged app-Execution',
    ],
    'appmodel-runtime': ['Microsoft-Windows-AppModel-Runtime/Admin'],
    'appxdeployment-server': ['Microsoft-Windows-AppXDeploymentServer/Operational'],
    'appxpackaging-om': ['Microsoft-Windows-AppxPackaging/Operational'],
    bitlocker: ['Microsoft-Windows-BitLocker/BitLocker Management'],
    'bits-client': ['Microsoft-Windows-Bits-Client/Operational'],
    capi2: ['Microsoft-Windows-CAPI2/Operational'],
    'certificateservicesclient-lifecycle-system': [
      'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational',
    ],
    'codeintegrity-operational': ['Microsoft-Windows-CodeIntegrity/Operational'],
    dhcp: ['Microsoft-Windows-DHCP-Server/Operational'],
    'diagnosis-scripted': ['Microsoft-Windows-Diagnosis-Scripted/Operational'],
    // The taxonomy has the name that Event Viewer shows; the channel itself is the other one.
    'dns-client': ['Microsoft-Windows-DNS-Client/Operational', 'Microsoft-Windows-DNS Client Events/Operational'],
    'dns-server': ['DNS Server'],
    'dns-server-analytic': ['Microsoft-Windows-DNS-Server/Analytical'],
    'dns-server-audit': ['Microsoft-Windows-DNS-Server/Audit'],
    'driver-framework': ['Microsoft-Windows-DriverFrameworks-UserMode/Operational'],
    'firewall-as': ['Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'],
    'hyper-v-worker': ['Microsoft-Windows-Hyper-V-Worker'],
    'iis-configuration': ['Microsoft-IIS-Configuration/Operational'],
    'kernel-event-tracing': ['Microsoft-Windows-Kernel-EventTracing'],
    'kernel-shimengine': [
      'Microsoft-Windows-Kernel-ShimEngine/Operational',
      'Microsoft-Windows-Kernel-ShimEngine/Diagnostic',
    ],
    ldap: ['Microsoft-Windows-LDAP-Client/Debug'],
    ldap_debug: ['Microsoft-Windows-LDAP-Client/Debug'],
    'lsa-server': ['Microsoft-Windows-LSA/Operational'],
    'msexchange-management': ['MSExchange Management'],
    ntfs: ['Microsoft-Windows-Ntfs/Operational'],
    ntlm: ['Microsoft-Windows-NTLM/Operational'],
    openssh: ['OpenSSH/Operational'],
    powershell: POWERSHELL,
    'powershell-classic': CLASSIC_POWERSHELL,
    'printservice-admin': ['Microsoft-Windows-PrintService/Admin'],
    'printservice-operational': ['Microsoft-Windows-PrintService/Operational'],
    'security-mitigations': [
      'Microsoft-Windows-Security-Mitigations/Kernel Mode',
      'Microsoft-Windows-Security-Mitigations/User Mode',
    ],
    sense: ['Microsoft-Windows-SENSE/Operational'],
    'microsoft-servicebus-client': [
      'Microsoft-ServiceBus-Client',
      'Microsoft-ServiceBus-Client/Operational',
      'Microsoft-ServiceBus-Client/Admin',
    ],
    'servicebus-client': ['Microsoft-ServiceBus-Client/Operational', 'Microsoft-ServiceBus-Client/Admin'],
    'shell-core': ['Microsoft-Windows-Shell-Core/Operational'],
    'smbclient-security': ['Microsoft-Windows-SmbClient/Security'],
    'smbclient-connectivity': ['Microsoft-Windows-SmbClient/Connectivity'],
    'smbserver-connectivity': ['Microsoft-Windows-SMBServer/Connectivity'],
    sysmon: [SYSMON],
    system: ['System'],
    taskscheduler: ['Microsoft-Windows-TaskScheduler/Operational'],
    'terminalservices-localsessionmanager': ['Microsoft-Windows-TerminalServices-LocalSessionManager/Operational'],
    vhdmp: ['Microsoft-Windows-VHDMP/Operational'],
    windefend: ['Microsoft-Windows-Windows Defender/Operational'],
    wmi: ['Microsoft-Windows-WMI-Activity/Operational'],
  }),
);

/**
 * Sysmon and PowerShell have named data alone; any other log may have elements of its own beside them, as the System log has of its
 * event 104. Defender's names have spaces ("Threat Name"), which Sigma's leave out.
 */
const NAMED_OTHERWISE: ReadonlyMap<string, Leg['fields']> = new Map([
  ['sysmon', 'windows'],
  ['powershell', 'windows'],
  ['powershell-classic', 'windows'],
  ['windefend', 'spaced'],
]);

/** OpenSSH works in processes of other names since 9.8 (https://www.openssh.com/releasenotes.html). */
const PROGRAMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    sshd: ['sshd', 'sshd-session', 'sshd-auth'],
    sudo: ['sudo'],
    cron: ['cron', 'crond', 'CRON', 'CROND'],
    clamav: ['clamd', 'freshclam', 'clamav'],
    guacamole: ['guacd', 'guacamole'],
    vsftpd: ['vsftpd'],
  }),
);

/** What Sysmon writes to the system log of Linux. */
const LINUX_SYSMON_EVENTS: ReadonlyMap<string, number> = new Map(
  Object.entries({ process_creation: 1, network_connection: 3, file_event: 11 }),
);

const AZURE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    activitylogs: 'AzureActivity',
    azureactivity: 'AzureActivity',
    auditlogs: 'AuditLogs',
    signinlogs: 'SigninLogs',
    riskdetection: 'AADUserRiskEvents',
  }),
);

function sysmonLeg(category: string, eventIds: readonly number[]): Leg {
  const other = OTHER_CHANGE.get(category);
  const without = other === undefined ? {} : { without: `<Data Name="EventType">${other}` };
  return { table: 'Event', channels: [SYSMON], eventIds, fields: 'windows', ...without };
}

function windowsLegs({ category, service }: LogSource): Leg[] {
  if (category !== '') {
    const powershell = POWERSHELL_EVENTS.get(category);
    if (powershell)
      return [{ table: 'Event', channels: powershell.channels, eventIds: [powershell.id], fields: 'windows' }];
    const eventIds = SYSMON_EVENTS.get(category);
    const defender = defenderLegs(category);
    if (!eventIds && defender.length === 0)
      throw new RuleRefused(`no event log has what the category "${category}" means`, ['logsource', 'category']);
    return [
      ...(eventIds ? [sysmonLeg(category, eventIds)] : []),
      ...(category === 'process_creation'
        ? [{ table: 'SecurityEvent', eventIds: [4688], fields: 'process-4688' } as const]
        : []),
      ...defender,
    ];
  }
  if (service === '')
    return [
      { table: 'Event', fields: 'elements' },
      { table: 'SecurityEvent', fields: 'windows' },
    ];
  if (service === 'security') return [{ table: 'SecurityEvent', fields: 'windows' }, defenderLogons];
  const channels = CHANNELS.get(service);
  if (!channels) throw new RuleRefused(`the service "${service}" of Windows has no log here`, ['logsource', 'service']);
  return [{ table: 'Event', channels, fields: NAMED_OTHERWISE.get(service) ?? 'elements' }];
}

function linuxLegs({ category, service }: LogSource): Leg[] {
  if (category !== '') {
    const id = LINUX_SYSMON_EVENTS.get(category);
    if (id === undefined)
      throw new RuleRefused(`no log has what the category "${category}" of Linux means`, ['logsource', 'category']);
    // https://learn.microsoft.com/azure/sentinel/normalization-process-creation: Sysmon for Linux comes by Syslog.
    const message = ['<Provider Name="Linux-Sysmon"', `<EventID>${id}</EventID>`];
    return [{ table: 'Syslog', message, fields: 'sysmon-linux' }, ...defenderLinuxLegs(category)];
  }
  // Defender for Cloud's agent, which wrote it, is retired: a workspace may have none of it, evidence has.
  if (service === 'auditd') return [{ table: 'LinuxAuditLog', fields: 'auditd' }];
  if (service === '' || service === 'syslog') return [{ table: 'Syslog', fields: 'syslog' }];
  if (service === 'auth') return [{ table: 'Syslog', facilities: ['auth', 'authpriv'], fields: 'syslog' }];
  const programs = PROGRAMS.get(service);
  if (!programs) throw new RuleRefused(`the service "${service}" of Linux has no log here`, ['logsource', 'service']);
  return [{ table: 'Syslog', programs, fields: 'syslog' }];
}

/** The tables, and what of them, that a rule is about: any of them is enough. Throws RuleRefused. */
export function legsOf(source: LogSource): Leg[] {
  const { product, category, service } = source;
  if (category === 'antivirus' && (product === 'windows' || product === '') && service === '') {
    const channels = CHANNELS.get('windefend') ?? [];
    return [{ table: 'Event', channels, eventIds: ANTIVIRUS_EVENTS, fields: 'antivirus' }, ...defenderLegs(category)];
  }
  if (product === 'windows') return windowsLegs(source);
  if (product === 'linux') return linuxLegs(source);
  if (product === 'azure') {
    const table = AZURE.get(service || category);
    if (table) return [{ table, fields: 'columns' }];
  }
  // What Exchange, SharePoint and Teams record; sign-ins are in other tables.
  if (product === 'm365' && service === 'audit') return [{ table: 'OfficeActivity', fields: 'columns' }];
  if (product === 'aws' && service === 'cloudtrail') return [{ table: 'AWSCloudTrail', fields: 'columns' }];
  // Of web servers a workspace has the logs of IIS; of resolvers those of Windows' DNS servers.
  if (product === '' && service === '' && category === 'webserver') return [{ table: 'W3CIISLog', fields: 'web' }];
  if (product === '' && service === '' && category === 'dns') return [{ table: 'DnsEvents', fields: 'columns' }];
  const named = [product, category, service].filter((part) => part !== '').join(', ');
  throw new RuleRefused(`logs of "${named || 'no source'}" are in no table that is known here`, ['logsource']);
}

/** The condition that a leg puts on its table; "" for the whole table. */
export function conditionOf(leg: Leg): string {
  const { channels, eventIds, without, facilities, programs, message, actions, unixPath } = leg;
  const oneOf = (column: string, values: readonly string[]): string =>
    values.length === 1 ? `${column} == ${values[0]}` : `${column} in (${values.join(', ')})`;
  return [
    ...(channels ? [oneOf('EventLog', channels.map(kqlText))] : []),
    ...(eventIds ? [oneOf('EventID', eventIds.map(String))] : []),
    ...(without ? [`EventData !contains ${kqlText(without)}`] : []),
    // A facility that was not kept may be any.
    ...(facilities ? [`(${oneOf('Facility', facilities.map(kqlText))} or isempty(Facility))`] : []),
    ...(programs ? [oneOf('ProcessName', programs.map(kqlText))] : []),
    ...(actions ? [oneOf('ActionType', actions.map(kqlText))] : []),
    ...(unixPath ? [`${unixPath} startswith "/"`] : []),
    ...(message ?? []).map((text) => `SyslogMessage contains ${kqlText(text)}`),
  ].join(' and ');
}

/** What a leg looks at, for people. */
export function describeLeg({ table, channels, eventIds, programs, fields, actions, unixPath }: Leg): string {
  const ids = eventIds ? ` with the event id ${eventIds.join(', ')}` : '';
  if (channels) return `event of ${channels.join(' or ')}${ids}`;
  if (table === 'SecurityEvent') return `event of Security${ids}`;
  if (fields === 'sysmon-linux') return 'event of Sysmon for Linux';
  if (unixPath) return `row of ${table} of a machine with Linux`;
  if (actions) return `row of ${table} with the action ${actions.join(' or ')}`;
  return programs ? `line of ${programs.join(', ')} in Syslog` : `row of ${table}`;
}
