// Columns of the tables of Defender XDR, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2024-11-20). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const defenderTables: Record<string, string> = {
  DeviceEvents: `string: AccountDomain AccountName AccountSid ActionType AppGuardContainerId DeviceId DeviceName FileName
      FileOriginIP FileOriginUrl FolderPath InitiatingProcessAccountDomain InitiatingProcessAccountName
      InitiatingProcessAccountObjectId InitiatingProcessAccountSid InitiatingProcessAccountUpn
      InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath InitiatingProcessMD5
      InitiatingProcessParentFileName InitiatingProcessSHA1 InitiatingProcessSHA256
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion LocalIP MachineGroup MD5
      ProcessCommandLine ProcessTokenElevation RegistryKey RegistryValueData RegistryValueName RemoteDeviceName
      RemoteIP RemoteUrl SHA1 SHA256
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime ProcessCreationTime
    dynamic: AdditionalFields
    int: LocalPort RemotePort
    long: FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessLogonId
      InitiatingProcessParentId LogonId ProcessId ReportId`,
  DeviceFileEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName FileName FileOriginIP FileOriginReferrerUrl
      FileOriginUrl FolderPath InitiatingProcessAccountDomain InitiatingProcessAccountName
      InitiatingProcessAccountObjectId InitiatingProcessAccountSid InitiatingProcessAccountUpn
      InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessVersionInfoCompanyName
      InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
      InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
      InitiatingProcessVersionInfoProductVersion MachineGroup MD5 PreviousFileName PreviousFolderPath
      RequestAccountDomain RequestAccountName RequestAccountSid RequestProtocol RequestSourceIP SensitivityLabel
      SensitivitySubLabel SHA1 SHA256 ShareName
    bool: IsAzureInfoProtectionApplied
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime
    dynamic: AdditionalFields
    int: RequestSourcePort
    long: FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId ReportId`,
  DeviceProcessEvents: `string: AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType AppGuardContainerId
      DeviceId DeviceName FileName FolderPath InitiatingProcessAccountDomain InitiatingProcessAccountName
      InitiatingProcessAccountObjectId InitiatingProcessAccountSid InitiatingProcessAccountUpn
      InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessSignatureStatus InitiatingProcessSignerType
      InitiatingProcessTokenElevation InitiatingProcessVersionInfoCompanyName
      InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
      InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
      InitiatingProcessVersionInfoProductVersion MachineGroup MD5 ProcessCommandLine ProcessIntegrityLevel
      ProcessTokenElevation ProcessVersionInfoCompanyName ProcessVersionInfoFileDescription
      ProcessVersionInfoInternalFileName ProcessVersionInfoOriginalFileName ProcessVersionInfoProductName
      ProcessVersionInfoProductVersion SHA1 SHA256
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime ProcessCreationTime
    dynamic: AdditionalFields
    long: FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessLogonId
      InitiatingProcessParentId LogonId ProcessId ReportId`,
  DeviceNetworkEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName InitiatingProcessAccountDomain
      InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
      InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessVersionInfoCompanyName
      InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
      InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
      InitiatingProcessVersionInfoProductVersion LocalIP LocalIPType MachineGroup Protocol RemoteIP RemoteIPType
      RemoteUrl
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime
    dynamic: AdditionalFields
    int: LocalPort RemotePort
    long: InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId ReportId`,
  DeviceImageLoadEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName FileName FolderPath InitiatingProcessAccountDomain
      InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
      InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessVersionInfoCompanyName
      InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
      InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
      InitiatingProcessVersionInfoProductVersion MachineGroup MD5 SHA1 SHA256
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime
    long: FileSize InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId ReportId`,
  DeviceRegistryEvents: `string: ActionType AppGuardContainerId DeviceId DeviceName InitiatingProcessAccountDomain
      InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
      InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName InitiatingProcessFolderPath
      InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessVersionInfoCompanyName
      InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
      InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
      InitiatingProcessVersionInfoProductVersion MachineGroup PreviousRegistryKey PreviousRegistryValueData
      PreviousRegistryValueName RegistryKey RegistryValueData RegistryValueName RegistryValueType
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime
    long: InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId ReportId`,
  DeviceInfo: `string: AadDeviceId AssetValue AwsResourceName AzureResourceId ClientVersion DeviceCategory DeviceDynamicTags
      DeviceId DeviceManualTags DeviceName DeviceObjectId DeviceSubtype DeviceType ExclusionReason ExposureLevel
      GcpFullResourceName JoinType MachineGroup MergedDeviceIds MergedToDeviceId Model OnboardingStatus
      OSArchitecture OSDistribution OSPlatform OSVersion OSVersionInfo PublicIP RegistryDeviceTag SensorHealthState
      Vendor
    bool: IsAzureADJoined IsExcluded IsInternetFacing
    dynamic: AdditionalFields LoggedOnUsers
    long: OSBuild ReportId`,
  DeviceNetworkInfo: `string: DeviceId DeviceName IPv4Dhcp IPv6Dhcp MacAddress MachineGroup NetworkAdapterName NetworkAdapterStatus
      NetworkAdapterType NetworkAdapterVendor TunnelType
    dynamic: ConnectedNetworks DefaultGateways DnsAddresses IPAddresses
    long: ReportId`,
  DeviceFileCertificateInfo: `string: CertificateSerialNumber CrlDistributionPointUrls DeviceId DeviceName Issuer IssuerHash MachineGroup
      SHA1 SignatureType Signer SignerHash
    bool: IsRootSignerMicrosoft IsSigned IsTrusted
    datetime: CertificateCountersignatureTime CertificateCreationTime CertificateExpirationTime
    long: ReportId`,
  EmailEvents: `string: AuthenticationDetails ConfidenceLevel Connectors DeliveryAction DeliveryLocation DetectionMethods
      EmailAction EmailActionPolicy EmailActionPolicyGuid EmailDirection EmailLanguage InternetMessageId
      LatestDeliveryAction LatestDeliveryLocation NetworkMessageId OrgLevelAction OrgLevelPolicy
      RecipientEmailAddress RecipientObjectId ReportId SenderDisplayName SenderFromAddress SenderFromDomain
      SenderIPv4 SenderIPv6 SenderMailFromAddress SenderMailFromDomain SenderObjectId Subject ThreatNames
      ThreatTypes UserLevelAction UserLevelPolicy
    dynamic: AdditionalFields
    int: AttachmentCount BulkComplaintLevel UrlCount
    long: EmailClusterId`,
  EmailAttachmentInfo: `string: DetectionMethods FileName FileType NetworkMessageId RecipientEmailAddress RecipientObjectId ReportId
      SenderDisplayName SenderFromAddress SenderObjectId SHA256 ThreatNames ThreatTypes
    long: FileSize`,
  EmailUrlInfo: `string: NetworkMessageId ReportId Url UrlDomain UrlLocation`,
  EmailPostDeliveryEvents: `string: Action ActionResult ActionTrigger ActionType DeliveryLocation DetectionMethods InternetMessageId
      NetworkMessageId RecipientEmailAddress ReportId ThreatTypes`,
  UrlClickEvents: `string: AccountUpn ActionType DetectionMethods IPAddress NetworkMessageId ReportId ThreatTypes Url UrlChain
      Workload
    bool: IsClickedThrough`,
  AlertInfo: `string: AlertId AttackTechniques Category DetectionSource ServiceSource Severity Title`,
  AlertEvidence: `string: AccountDomain AccountName AccountObjectId AccountSid AccountUpn AlertId Application AttackTechniques
      Categories DetectionSource DeviceId DeviceName EmailSubject EntityType EvidenceDirection EvidenceRole FileName
      FolderPath LocalIP NetworkMessageId OAuthApplicationId ProcessCommandLine RegistryKey RegistryValueData
      RegistryValueName RemoteIP RemoteUrl ServiceSource SHA1 SHA256 ThreatFamily Title
    dynamic: AdditionalFields
    int: ApplicationId
    long: FileSize`,
  IdentityLogonEvents: `string: AccountDisplayName AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType
      Application DestinationDeviceName DestinationIPAddress DestinationPort DeviceName DeviceType FailureReason
      IPAddress ISP Location LogonType OSPlatform Port Protocol ReportId TargetAccountDisplayName TargetDeviceName
    dynamic: AdditionalFields`,
  IdentityQueryEvents: `string: AccountDisplayName AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType
      Application DestinationDeviceName DestinationIPAddress DestinationPort DeviceName IPAddress Location Port
      Protocol Query QueryTarget QueryType ReportId TargetAccountDisplayName TargetAccountUpn TargetDeviceName
    dynamic: AdditionalFields`,
  IdentityDirectoryEvents: `string: AccountDisplayName AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType
      Application DestinationDeviceName DestinationIPAddress DestinationPort DeviceName IPAddress ISP Location Port
      Protocol ReportId TargetAccountDisplayName TargetAccountUpn TargetDeviceName
    dynamic: AdditionalFields`,
  IdentityInfo: `string: AccountCloudSID AccountDisplayName AccountDomain AccountName AccountObjectId AccountSID
      AccountTenantId AccountUPN Applications BlastRadius ChangeSource City CompanyName Country Department
      EmployeeId GivenName JobTitle MailAddress Manager OnPremisesDistinguishedName OnPremisesExtensionAttributes
      Phone RiskLevel RiskLevelDetails RiskState SAMAccountName State StreetAddress Surname Tags UACFlags UserState
      UserType
    bool: IsAccountEnabled IsMFARegistered IsServiceAccount
    datetime: AccountCreationTime DeletedDateTime LastSeenDate UserStateChangedOn
    dynamic: AdditionalMailAddresses AssignedRoles EntityRiskScore ExtensionProperty GroupMembership
      RelatedAccounts ServicePrincipals UserAccountControl
    int: InvestigationPriority InvestigationPriorityPercentile`,
  CloudAppEvents: `string: AccountDisplayName AccountId AccountObjectId AccountType ActionType ActivityType Application City
      CountryCode DeviceType IPAddress IPCategory ISP ObjectId ObjectName ObjectType OSPlatform ReportId UserAgent
    bool: IsAdminOperation IsAnonymousProxy IsExternalUser IsImpersonated
    dynamic: ActivityObjects AdditionalFields IPTags RawEventData UserAgentTags
    int: AppInstanceId ApplicationId`,
};
