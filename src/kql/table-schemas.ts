import { cloudTables } from './cloud-schemas.ts';
import { defenderTables } from './defender-schemas.ts';
import { type Columns, columns } from './schema-columns.ts';
import { signInTables } from './sign-in-schemas.ts';
import { type ColumnType, isColumnType } from './types.ts';

// Columns of the Log Analytics tables that responders use, with their types, after Microsoft's table reference
// (Azure Monitor tables). Every table also has the columns in `everywhere`.

const everywhere: Columns = {
  TenantId: 'string',
  TimeGenerated: 'datetime',
  Type: 'string',
  _ItemId: 'string',
  SourceSystem: 'string',
  _ResourceId: 'string',
  _SubscriptionId: 'string',
  _BilledSize: 'real',
  _IsBillable: 'string',
};

const securityEvent: Columns = {
  ...columns(
    'string',
    `Account AccountDomain AccountExpires AccountName AccountSessionIdentifier AccountType Activity AdditionalInfo
    AdditionalInfo2 AllowedToDelegateTo Attributes AuditPolicyChanges AuthenticationPackageName AuthenticationProvider
    AuthenticationServer AuthenticationType AccessMask AzureDeploymentID CACertificateHash CalledStationID CallerProcessId
    CallerProcessName CallingStationID CAPublicKeyHash CategoryId CertificateDatabaseHash Channel ClassId ClassName
    ClientAddress ClientIPAddress ClientName CommandLine CompatibleIds Computer DCDNSName DeviceDescription DeviceId
    DisplayName Disposition DomainBehaviorVersion DomainName DomainPolicyChanged DomainSid EAPType ElevatedToken EventData
    EventSourceName ExtendedQuarantineState FailureReason FileHash FilePath FilePathNoUser Filter ForceLogoff Fqbn
    FullyQualifiedSubjectMachineName FullyQualifiedSubjectUserName GroupMembership HandleId HardwareIds HomeDirectory
    HomePath  IpAddress IpPort LmPackageName LocationInformation LockoutDuration
    LockoutObservationWindow LockoutThreshold LoggingResult LogonGuid LogonHours LogonID LogonProcessName LogonTypeName
    MachineAccountQuota MachineInventory MachineLogon ManagementGroupName MandatoryLabel MaxPasswordAge MemberName
    MemberSid MinPasswordAge MinPasswordLength MixedDomainMode NASIdentifier NASIPv4Address NASIPv6Address NASPort
    NASPortType NetworkPolicyName NewDate NewMaxUsers NewProcessId NewProcessName NewRemark NewShareFlags NewTime NewUacValue
    NewValue NewValueType ObjectName ObjectServer ObjectType ObjectValueName OemInformation OldMaxUsers OldRemark
    OldShareFlags OldUacValue OldValue OldValueType OperationType PackageName ParentProcessName PasswordHistoryLength
    PasswordLastSet PasswordProperties PreviousDate PreviousTime PrimaryGroupId PrivateKeyUsageCount PrivilegeList Process
    ProcessId ProcessName Properties ProfilePath ProtocolSequence ProxyPolicyName QuarantineHelpURL QuarantineSessionID
    QuarantineSessionIdentifier QuarantineState QuarantineSystemHealthResult RelativeTargetName RemoteIpAddress RemotePort
    Requester RequestId RestrictedAdminMode RowsDeleted SamAccountName ScriptPath SecurityDescriptor ServiceAccount
    ServiceFileName ServiceName ServiceType SessionName ShareLocalPath ShareName SidHistory
    SourceComputerId Status SubStatus SubcategoryGuid SubcategoryId Subject SubjectAccount SubjectDomainName
    SubjectKeyIdentifier SubjectLogonId SubjectMachineName SubjectMachineSID SubjectUserName SubjectUserSid TableId
    TargetAccount TargetDomainName TargetInfo TargetLinkedLogonId TargetLogonGuid TargetLogonId TargetOutboundDomainName
    TargetOutboundUserName TargetServerName TargetSid TargetUser TargetUserName TargetUserSid TemplateContent
    TemplateDSObjectFQDN TemplateInternalName TemplateOID TemplateSchemaVersion TemplateVersion TokenElevationType
    TransmittedServices UserAccountControl UserParameters UserPrincipalName UserWorkstations VendorIds VirtualAccount
    Workstation WorkstationName InterfaceUuid StorageAccount`,
  ),
  ...columns(
    'int',
    'AuditsDiscarded AuthenticationLevel AuthenticationService ErrorCode EventID KeyLength LogonType ServiceStartType Task',
  ),
  Level: 'string',
};

const heartbeat: Columns = {
  ...columns(
    'string',
    `Category Computer ComputerEnvironment ComputerIP ComputerPrivateIPs ManagementGroupName MG OSMajorVersion
    OSMinorVersion OSName OSType RemoteIPCountry Resource ResourceGroup ResourceId ResourceProvider ResourceType
    SCAgentChannel Solutions SourceComputerId SubscriptionId Version VMUUID`,
  ),
  IsGatewayInstalled: 'bool',
  RemoteIPLatitude: 'real',
  RemoteIPLongitude: 'real',
  ComputerPrivateIPs: 'dynamic',
};

const syslog: Columns = {
  ...columns(
    'string',
    'CollectorHostName Computer Facility HostIP HostName MG ProcessName SeverityLevel SyslogMessage',
  ),
  EventTime: 'datetime',
  ProcessID: 'int',
};

const event: Columns = {
  ...columns(
    'string',
    `AzureDeploymentID Computer EventCategory EventData EventLevelName EventLog ManagementGroupName Message MG
    ParameterXml RenderedDescription Role Source UserName`,
  ),
  EventCategory: 'int',
  EventID: 'int',
  EventLevel: 'int',
};

const securityAlert: Columns = {
  ...columns(
    'string',
    `AlertLink AlertName AlertSeverity AlertType CompromisedEntity ConfidenceLevel Description DisplayName Entities
    ExtendedLinks ExtendedProperties ProductComponentName ProductName ProviderName RemediationSteps ResourceId
    SourceComputerId Status SubTechniques SystemAlertId Tactics Techniques VendorName VendorOriginalId
    WorkspaceResourceGroup WorkspaceSubscriptionId`,
  ),
  ConfidenceScore: 'real',
  IsIncident: 'bool',
  EndTime: 'datetime',
  ProcessingEndTime: 'datetime',
  StartTime: 'datetime',
};

const azureActivity: Columns = {
  ...columns(
    'string',
    `ActivityStatus ActivityStatusValue ActivitySubstatus ActivitySubstatusValue Authorization Caller CallerIpAddress
    Category CategoryValue Claims CorrelationId EventDataId HTTPRequest Hierarchy Level OperationId OperationName
    OperationNameValue Properties Resource ResourceGroup ResourceId ResourceProvider ResourceProviderValue
    SubscriptionId`,
  ),
  EventSubmissionTimestamp: 'datetime',
  Authorization_d: 'dynamic',
  Claims_d: 'dynamic',
  Properties_d: 'dynamic',
};

const update: Columns = {
  ...columns(
    'string',
    `ApprovalSource BulletinID BulletinUrl Classification Computer ComputerEnvironment CVENumbers InstallTimePredictionSeconds
    KBID ManagementGroupName MG MSRCBulletinID MSRCSeverity OSFullName OSName OSType OSVersion PackageRepository
    PackageSeverity Product ProductArch ProductVersion RebootBehavior Resource ResourceGroup ResourceId ResourceProvider
    ResourceType SourceComputerId SubscriptionId Title UpdateID UpdateState VMUUID`,
  ),
  Approved: 'bool',
  Optional: 'bool',
  InstallTimeAvailable: 'bool',
  InstallTimeDeviationRangeSeconds: 'real',
  InstallTimePredictionSeconds: 'real',
  PublishedDate: 'datetime',
  RevisionNumber: 'string',
};

const connection: Columns = {
  ...columns(
    'string',
    `AgentId BytesReceived Computer ConnectionId Description DestinationIp Direction Machine MaliciousIp Process
    ProcessName Protocol RemoteClassification RemoteCountry RemoteDnsCanonicalNames RemoteDnsQuestions RemoteIp SourceIp
    TLPLevel IndicatorThreatType IsActive ReportReferenceLink AdditionalInformation`,
  ),
  ...columns('long', 'BytesReceived BytesSent LinksEstablished LinksFailed LinksLive LinksTerminated Responses'),
  ...columns('int', 'Confidence DestinationPort Severity'),
  ...columns('real', 'RemoteLatitude RemoteLongitude ResponseTimeMax ResponseTimeMin ResponseTimeSum'),
  FirstReportedDateTime: 'string',
  LastReportedDateTime: 'string',
};

const boundPort: Columns = {
  ...columns('string', 'AgentId Computer Ip Machine PortId Process ProcessName Protocol'),
  ...columns('long', 'BytesReceived BytesSent LinksEstablished LinksLive LinksTerminated Responses'),
  ...columns('long', 'ResponseTimeMax ResponseTimeMin ResponseTimeSum'),
  IsWildcardBind: 'bool',
  Port: 'int',
};

const windowsEvent: Columns = {
  ...columns(
    'string',
    'Channel Computer Correlation EventLevelName Keywords ManagementGroupName Provider RawEventData SystemUserId Task',
  ),
  EventData: 'dynamic',
  EventID: 'int',
  EventLevel: 'int',
  EventOriginId: 'string',
  EventRecordId: 'string',
  Opcode: 'string',
  SystemProcessId: 'int',
  SystemThreadId: 'int',
  TimeCreated: 'datetime',
  Version: 'int',
};

const known: Record<string, Columns> = {
  SecurityEvent: securityEvent,
  Heartbeat: heartbeat,
  Syslog: syslog,
  Event: event,
  SecurityAlert: securityAlert,
  AzureActivity: azureActivity,
  Update: update,
  VMBoundPort: boundPort,
  VMConnection: connection,
  WindowsEvent: windowsEvent,
  ...signInTables,
};

/** The columns of a table that is described by a text (`type: names`), read when they are first asked for. */
function described(table: string): Columns | undefined {
  for (const texts of [defenderTables, cloudTables]) {
    if (!Object.hasOwn(texts, table)) continue;
    const read: Columns = {};
    let type: ColumnType = 'string';
    for (const word of (texts[table] ?? '').split(/\s+/)) {
      const name = word.endsWith(':') ? word.slice(0, -1) : '';
      if (isColumnType(name)) type = name;
      else read[word] = type;
    }
    known[table] = read;
    return read;
  }
  return undefined;
}

const columnsByName = (table: string): Columns | undefined =>
  Object.hasOwn(known, table) ? known[table] : described(table);

/** Whether the columns of a Log Analytics table are known here. */
export const isKnownTable = (table: string): boolean => columnsByName(table) !== undefined;

/** The columns of a Log Analytics table; for a table that is not known, those that every table has. */
export function columnsOf(table: string): Columns {
  return { ...everywhere, ...columnsByName(table) };
}

const graphColumns: Columns = {
  ...columns('string', 'id name type tenantId kind location resourceGroup subscriptionId managedBy'),
  ...columns('dynamic', 'sku plan properties tags identity zones extendedLocation'),
};

/** The columns that every table of Resource Graph has. */
export const resourceGraphColumns: Columns = graphColumns;
