import { asimTables } from './asim-schemas.ts';
import { cloudTables } from './cloud-schemas.ts';
import { computerTables } from './computer-schemas.ts';
import { defenderAppTables } from './defender-app-schemas.ts';
import { defenderPostureTables } from './defender-posture-schemas.ts';
import { defenderTables } from './defender-schemas.ts';
import { normalisedTable } from './refused-names.ts';
import { sentinelTables } from './sentinel-schemas.ts';
import { signInTables } from './sign-in-schemas.ts';
import { type ColumnType, isColumnType } from './types.ts';

// Columns of the Log Analytics tables that responders use, with their types, after Microsoft's table reference
// (Azure Monitor tables). Every table also has the columns in `everywhere`.

/** Columns of a table by name. */
type Columns = Record<string, ColumnType>;

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

/** By table: each type, a colon and its columns. */
const logTables: Record<string, string> = {
  SecurityEvent: `string: AccessList AccessMask Account AccountDomain AccountExpires AccountName AccountSessionIdentifier
      AccountType Activity AdditionalInfo AdditionalInfo2 AllowedToDelegateTo Attributes AuditPolicyChanges
      AuthenticationPackageName AuthenticationProvider AuthenticationServer AuthenticationType AzureDeploymentID
      CACertificateHash CalledStationID CallerProcessId CallerProcessName CallingStationID CAPublicKeyHash
      CategoryId CertificateDatabaseHash Channel ClassId ClassName ClientAddress ClientIPAddress ClientName
      CommandLine CompatibleIds Computer Correlation DCDNSName DeviceDescription DeviceId DisplayName Disposition
      DomainBehaviorVersion DomainName DomainPolicyChanged DomainSid EAPType ElevatedToken EventData
      EventLevelName EventRecordId EventSourceName ExtendedQuarantineState FailureReason FileHash FilePath
      FilePathNoUser Filter ForceLogoff Fqbn FullyQualifiedSubjectMachineName FullyQualifiedSubjectUserName
      GroupMembership HandleId HardwareIds HomeDirectory HomePath InterfaceUuid IpAddress IpPort Keywords Level
      LmPackageName LocationInformation LockoutDuration LockoutObservationWindow LockoutThreshold LoggingResult
      LogonGuid LogonHours LogonID LogonProcessName LogonTypeName MachineAccountQuota MachineInventory
      MachineLogon ManagementGroupName MandatoryLabel MaxPasswordAge MemberName MemberSid MinPasswordAge
      MinPasswordLength MixedDomainMode NASIdentifier NASIPv4Address NASIPv6Address NASPort NASPortType
      NetworkPolicyName NewDate NewMaxUsers NewProcessId NewProcessName NewRemark NewShareFlags NewTime
      NewUacValue NewValue NewValueType ObjectName ObjectServer ObjectType ObjectValueName OemInformation
      OldMaxUsers OldRemark OldShareFlags OldUacValue OldValue OldValueType Opcode OperationType PackageName
      ParentProcessName PasswordHistoryLength PasswordLastSet PasswordProperties PreviousDate PreviousTime
      PrimaryGroupId PrivateKeyUsageCount PrivilegeList Process ProcessId ProcessName ProfilePath Properties
      ProtocolSequence ProxyPolicyName QuarantineHelpURL QuarantineSessionID QuarantineSessionIdentifier
      QuarantineState QuarantineSystemHealthResult RelativeTargetName RemoteIpAddress RemotePort Requester
      RequestId RestrictedAdminMode RowsDeleted SamAccountName ScriptPath SecurityDescriptor ServiceAccount
      ServiceFileName ServiceName ServiceType SessionName ShareLocalPath ShareName SidHistory SourceComputerId
      Status StorageAccount SubcategoryGuid SubcategoryId Subject SubjectAccount SubjectDomainName
      SubjectKeyIdentifier SubjectLogonId SubjectMachineName SubjectMachineSID SubjectUserName SubjectUserSid
      SubStatus SystemUserId TableId TargetAccount TargetDomainName TargetInfo TargetLinkedLogonId TargetLogonGuid
      TargetLogonId TargetOutboundDomainName TargetOutboundUserName TargetServerName TargetSid TargetUser
      TargetUserName TargetUserSid TemplateContent TemplateDSObjectFQDN TemplateInternalName TemplateOID
      TemplateSchemaVersion TemplateVersion TokenElevationType TransmittedServices UserAccountControl
      UserParameters UserPrincipalName UserWorkstations VendorIds VirtualAccount Workstation WorkstationName
    int: AuditsDiscarded AuthenticationLevel AuthenticationService ErrorCode EventID KeyLength LogonType
      ServiceStartType SystemProcessId SystemThreadId Task Version`,
  Heartbeat: `string: Category Computer ComputerEnvironment ComputerIP ManagementGroupName MG OSMajorVersion OSMinorVersion
      OSName OSType RemoteIPCountry Resource ResourceGroup ResourceId ResourceProvider ResourceType SCAgentChannel
      Solutions SourceComputerId SubscriptionId Version VMUUID
    bool: IsGatewayInstalled
    dynamic: ComputerPrivateIPs
    real: RemoteIPLatitude RemoteIPLongitude`,
  // github.com/MicrosoftDocs/azure-reference-other, azure-monitor-ref/tables/linuxauditlog.md (2022-10-27).
  LinuxAuditLog: `string: a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 acct addr arch AuditID audit_user cmd comm Computer
      ComputerEnvironment cwd data effective_group effective_user exe exit ExternalAgentIp family filetype group hostname
      icmptype key ManagementGroup ManagementGroupName name node op path RawRecord RecordType res ResourceId result
      SerialNumber SourceComputerId success syscall terminal tty user vm
    long: argc auid egid euid gid pid ppid ses uid
    datetime: TimeUploaded`,
  Syslog: `string: CollectorHostName Computer Facility HostIP HostName MG ProcessName SeverityLevel SyslogMessage
    datetime: EventTime
    int: ProcessID`,
  Event: `string: AzureDeploymentID Computer EventData EventLevelName EventLog ManagementGroupName Message MG ParameterXml
      RenderedDescription Role Source UserName
    int: EventCategory EventID EventLevel`,
  SecurityAlert: `string: AlertLink AlertName AlertSeverity AlertType CompromisedEntity ConfidenceLevel Description DisplayName
      Entities ExtendedLinks ExtendedProperties ProductComponentName ProductName ProviderName RemediationSteps
      ResourceId SourceComputerId Status SubTechniques SystemAlertId Tactics Techniques VendorName
      VendorOriginalId WorkspaceResourceGroup WorkspaceSubscriptionId
    bool: IsIncident
    datetime: EndTime ProcessingEndTime StartTime
    real: ConfidenceScore`,
  AzureActivity: `string: ActivityStatus ActivityStatusValue ActivitySubstatus ActivitySubstatusValue Authorization Caller
      CallerIpAddress Category CategoryValue Claims CorrelationId EventDataId Hierarchy HTTPRequest Level
      OperationId OperationName OperationNameValue Properties Resource ResourceGroup ResourceId ResourceProvider
      ResourceProviderValue SubscriptionId
    datetime: EventSubmissionTimestamp
    dynamic: Authorization_d Claims_d Properties_d`,
  Update: `string: ApprovalSource BulletinID BulletinUrl Classification Computer ComputerEnvironment CVENumbers KBID
      ManagementGroupName MG MSRCBulletinID MSRCSeverity OSFullName OSName OSType OSVersion PackageRepository
      PackageSeverity Product ProductArch ProductVersion RebootBehavior Resource ResourceGroup ResourceId
      ResourceProvider ResourceType RevisionNumber SourceComputerId SubscriptionId Title UpdateID UpdateState
      VMUUID
    bool: Approved InstallTimeAvailable Optional
    datetime: PublishedDate
    real: InstallTimeDeviationRangeSeconds InstallTimePredictionSeconds`,
  VMBoundPort: `string: AgentId Computer Ip Machine PortId Process ProcessName Protocol
    bool: IsWildcardBind
    int: Port
    long: BytesReceived BytesSent LinksEstablished LinksLive LinksTerminated Responses ResponseTimeMax
      ResponseTimeMin ResponseTimeSum`,
  VMConnection: `string: AdditionalInformation AgentId Computer ConnectionId Description DestinationIp Direction
      FirstReportedDateTime IndicatorThreatType IsActive LastReportedDateTime Machine MaliciousIp Process
      ProcessName Protocol RemoteClassification RemoteCountry RemoteDnsCanonicalNames RemoteDnsQuestions RemoteIp
      ReportReferenceLink SourceIp TLPLevel
    int: Confidence DestinationPort Severity
    long: BytesReceived BytesSent LinksEstablished LinksFailed LinksLive LinksTerminated Responses
    real: RemoteLatitude RemoteLongitude ResponseTimeMax ResponseTimeMin ResponseTimeSum`,
  WindowsEvent: `string: Channel Computer Correlation EventLevelName EventOriginId EventRecordId Keywords ManagementGroupName
      Opcode Provider RawEventData SystemUserId Task
    datetime: TimeCreated
    dynamic: EventData
    int: EventID EventLevel SystemProcessId SystemThreadId Version`,
};

/** The tables of Defender XDR, which advanced hunting knows by Timestamp and Log Analytics by TimeGenerated. */
const huntedTables = [defenderTables, defenderPostureTables, defenderAppTables];
const sources = [logTables, computerTables, signInTables, ...huntedTables, cloudTables, sentinelTables, asimTables];

/** The columns of a text. */
function columnsIn(text: string): Columns {
  const read: Columns = {};
  let type: ColumnType = 'string';
  for (const word of text.split(/\s+/)) {
    const name = word.endsWith(':') ? word.slice(0, -1) : '';
    if (isColumnType(name)) type = name;
    else read[word] = type;
  }
  return read;
}

/** Tables that were asked for. */
const known = new Map<string, Columns>();

function columnsByName(table: string): Columns | undefined {
  const found = known.get(table);
  if (found) return found;
  // Rows that a parser of the information model gave have the columns of its schema.
  const named = normalisedTable(table) ?? table;
  const text = sources.find((texts) => Object.hasOwn(texts, named))?.[named];
  if (text === undefined) return undefined;
  const read = columnsIn(text);
  known.set(table, read);
  return read;
}

/** Whether the columns of a Log Analytics table are known here. */
export const isKnownTable = (table: string): boolean => columnsByName(table) !== undefined;

/** The names of the tables whose columns are known here. */
export const knownTables = (): string[] => sources.flatMap((texts) => Object.keys(texts));

/** Tables with all of their columns, by name: an export of no known table is held against every one of them. */
const complete = new Map<string, Readonly<Columns>>();

/** The columns of a Log Analytics table; for a table that is not known, those that every table has. */
export function columnsOf(table: string): Readonly<Columns> {
  const own = columnsByName(table);
  if (!own) return everywhere;
  const found = complete.get(table) ?? { ...everywhere, ...own };
  complete.set(table, found);
  return found;
}

/** The columns that every table of Resource Graph has. */
export const resourceGraphColumns: Columns = columnsIn(
  `string: id name type tenantId kind location resourceGroup subscriptionId managedBy
    dynamic: sku plan properties tags identity zones extendedLocation`,
);
