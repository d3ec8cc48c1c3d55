// Columns of the tables of Defender XDR about devices, alerts and behaviours, after Microsoft's references of advanced hunting (defender-docs) and of Azure Monitor Logs (as of 2026-07-27).
// Where the two differ in a type, it is that of Azure Monitor Logs. A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const defenderTables: Record<string, string> = {
  DeviceLogonEvents: `string: AccountDomain AccountName AccountSid ActionType AppGuardContainerId DeviceId DeviceName FailureReason
      InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountObjectId
      InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessCommandLine
      InitiatingProcessFileName InitiatingProcessFolderPath InitiatingProcessIntegrityLevel InitiatingProcessMD5
      InitiatingProcessParentFileName InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP
      InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion LogonType MachineGroup
      Protocol RemoteDeviceName RemoteIP RemoteIPType
    bool: IsInitiatingProcessRemoteSession IsLocalAdmin
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime Timestamp
    dynamic: AdditionalFields
    int: RemotePort
    long: InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId InitiatingProcessSessionId
      LogonId ReportId`,
  DeviceEvents: `string: AccountDomain AccountName AccountSid ActionType AppGuardContainerId DeviceId DeviceName FileName
      FileOriginIP FileOriginUrl FolderPath InitiatingProcessAccountDomain InitiatingProcessAccountName
      InitiatingProcessAccountObjectId InitiatingProcessAccountSid InitiatingProcessAccountUpn
      InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath InitiatingProcessMD5
      InitiatingProcessParentFileName InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP
      InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion LocalIP MachineGroup MD5
      ProcessCommandLine ProcessRemoteSessionDeviceName ProcessRemoteSessionIP ProcessTokenElevation RegistryKey
      RegistryValueData RegistryValueName RemoteDeviceName RemoteIP RemoteUrl SHA1 SHA256
    bool: IsInitiatingProcessRemoteSession IsProcessRemoteSession
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime ProcessCreationTime Timestamp
    dynamic: AdditionalFields
    int: LocalPort RemotePort
    long: CreatedProcessSessionId FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessLogonId
      InitiatingProcessParentId InitiatingProcessSessionId LogonId ProcessId ReportId`,
  DeviceFileEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName FileName FileOriginIP FileOriginReferrerUrl
      FileOriginUrl FolderPath InitiatingProcessAccountDomain InitiatingProcessAccountName
      InitiatingProcessAccountObjectId InitiatingProcessAccountSid InitiatingProcessAccountUpn
      InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName
      InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion MachineGroup MD5
      PreviousFileName PreviousFolderPath RequestAccountDomain RequestAccountName RequestAccountSid
      RequestProtocol RequestSourceIP SensitivityLabel SensitivitySubLabel SHA1 SHA256 ShareName
    bool: IsAzureInfoProtectionApplied IsInitiatingProcessRemoteSession
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime Timestamp
    dynamic: AdditionalFields
    int: RequestSourcePort
    long: FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId
      InitiatingProcessSessionId LogonID ReportId`,
  DeviceProcessEvents: `string: AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType AppGuardContainerId DeviceId
      DeviceName FileName FolderPath InitiatingProcessAccountDomain InitiatingProcessAccountName
      InitiatingProcessAccountObjectId InitiatingProcessAccountSid InitiatingProcessAccountUpn
      InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName
      InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessSignatureStatus InitiatingProcessSignerType
      InitiatingProcessTokenElevation InitiatingProcessUniqueId InitiatingProcessVersionInfoCompanyName
      InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
      InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
      InitiatingProcessVersionInfoProductVersion MachineGroup MD5 ProcessCommandLine ProcessIntegrityLevel
      ProcessRemoteSessionDeviceName ProcessRemoteSessionIP ProcessTokenElevation ProcessUniqueId
      ProcessVersionInfoCompanyName ProcessVersionInfoFileDescription ProcessVersionInfoInternalFileName
      ProcessVersionInfoOriginalFileName ProcessVersionInfoProductName ProcessVersionInfoProductVersion SHA1
      SHA256
    bool: IsInitiatingProcessRemoteSession IsProcessRemoteSession
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime ProcessCreationTime Timestamp
    dynamic: AdditionalFields
    long: CreatedProcessSessionId FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessLogonId
      InitiatingProcessParentId InitiatingProcessSessionId LogonId ProcessId ReportId`,
  DeviceNetworkEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName InitiatingProcessAccountDomain
      InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
      InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
      InitiatingProcessFolderPath InitiatingProcessIntegrityLevel InitiatingProcessMD5
      InitiatingProcessParentFileName InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP
      InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion LocalIP LocalIPType
      MachineGroup Protocol RemoteIP RemoteIPType RemoteUrl
    bool: IsInitiatingProcessRemoteSession
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime Timestamp
    dynamic: AdditionalFields
    int: LocalPort RemotePort
    long: InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId InitiatingProcessSessionId
      LogonID ReportId`,
  DeviceImageLoadEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName FileName FolderPath InitiatingProcessAccountDomain
      InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
      InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
      InitiatingProcessFolderPath InitiatingProcessIntegrityLevel InitiatingProcessMD5
      InitiatingProcessParentFileName InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP
      InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion MachineGroup MD5 SHA1
      SHA256
    bool: IsInitiatingProcessRemoteSession
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime Timestamp
    long: FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId
      InitiatingProcessSessionId ReportId`,
  DeviceRegistryEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName InitiatingProcessAccountDomain
      InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
      InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
      InitiatingProcessFolderPath InitiatingProcessIntegrityLevel InitiatingProcessMD5
      InitiatingProcessParentFileName InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP
      InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion MachineGroup
      PreviousRegistryKey PreviousRegistryValueData PreviousRegistryValueName RegistryKey RegistryValueData
      RegistryValueName RegistryValueType
    bool: IsInitiatingProcessRemoteSession
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime Timestamp
    long: InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId InitiatingProcessSessionId
      ReportId`,
  DeviceInfo: `string: AadDeviceId AssetValue AwsResourceName AzureResourceId AzureVmId AzureVmSubscriptionId ClientVersion
      CloudPlatforms ConnectivityType DeviceCategory DeviceDynamicTags DeviceId DeviceManualTags DeviceName
      DeviceObjectId DeviceSubtype DeviceType DiscoverySources ExclusionReason ExposureLevel GcpFullResourceName
      HardwareUuid HostDeviceId JoinType MachineGroup MergedDeviceIds MergedToDeviceId MitigationStatus Model
      OnboardingStatus OSArchitecture OsBuildRevision OSDistribution OSPlatform OSVersion OSVersionInfo PublicIP
      RegistryDeviceTag RestrictedDeviceSecurityOperations SensorHealthState Site Vendor
    bool: IsAzureADJoined IsExcluded IsInternetFacing IsTransient
    datetime: Timestamp
    dynamic: AdditionalFields LoggedOnUsers
    long: OSBuild ReportId`,
  DeviceNetworkInfo: `string: DeviceId DeviceName IPv4Dhcp IPv6Dhcp MacAddress MachineGroup NetworkAdapterDnsSuffix NetworkAdapterName
      NetworkAdapterStatus NetworkAdapterType NetworkAdapterVendor OnboardingStatus TunnelType
    datetime: Timestamp
    dynamic: ConnectedNetworks DefaultGateways DnsAddresses IPAddresses
    long: ReportId`,
  DeviceFileCertificateInfo: `string: CertificateSerialNumber CrlDistributionPointUrls DeviceId DeviceName Issuer IssuerHash MachineGroup SHA1
      SignatureType Signer SignerHash
    bool: IsRootSignerMicrosoft IsSigned IsTrusted
    datetime: CertificateCountersignatureTime CertificateCreationTime CertificateExpirationTime Timestamp
    long: ReportId`,
  AlertInfo: `string: AlertId AttackTechniques Category DetectionSource ServiceSource Severity Title
    datetime: Timestamp`,
  AlertEvidence: `string: AccountDomain AccountName AccountObjectId AccountSid AccountUpn AlertId Application AttackTechniques
      Categories CloudPlatform CloudResource DetectionSource DeviceId DeviceName EmailSubject EntityType
      EvidenceDirection EvidenceRole FileName FolderPath LocalIP NetworkMessageId OAuthApplicationId
      ProcessCommandLine RegistryKey RegistryValueData RegistryValueName RemoteIP RemoteUrl ResourceID
      ResourceType ServiceSource Severity SHA1 SHA256 SubscriptionId ThreatFamily Title
    datetime: Timestamp
    dynamic: AdditionalFields
    int: ApplicationId
    long: FileSize`,
  BehaviorInfo: `string: AccountObjectId AccountUpn ActionType AdditionalFields AttackTechniques BehaviorId Categories DataSources
      Description DetectionSource DeviceId ServiceSource Title
    datetime: EndTime StartTime Timestamp`,
  BehaviorEntities: `string: AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType AdditionalFields Application
      ApplicationId BehaviorId Categories CloudPlatform CloudResourceId CloudResourceType CloudSubscriptionId
      DataSources DetailedEntityRole DetectionSource DeviceId DeviceName EmailClusterId EmailSubject EntityRole
      EntityType FileName FolderPath LocalIP NetworkMessageId OAuthApplicationId ProcessCommandLine RegistryKey
      RegistryValueData RegistryValueName RemoteIP RemoteUrl ServiceSource SHA1 SHA256 ThreatFamily
    datetime: Timestamp
    long: FileSize`,
  DisruptionAndResponseEvents: `string: ActionType AuthenticationProtocol DataSources DeviceId DeviceName DomainName FileName
      InitiatingProcessFileName InterfaceFriendlyName InterfaceUuid IpAddress LogonType PolicyHash PolicyId
      PolicyName PolicyVersion Port ReportType Service ShareName SourceDeviceId SourceDeviceName SourceDomainName
      SourceIpAddress SourceUserDomainName SourceUserName SourceUserSid TargetDeviceId TargetDeviceName
      TargetDomainName
    bool: IsPolicyOn
    datetime: Timestamp
    int: CompromisedAccountCount InitiatingProcessId SourcePort
    long: LogonId SessionId`,
};
