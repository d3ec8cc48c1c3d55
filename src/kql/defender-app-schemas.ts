// Columns of the tables of Defender XDR about mail, messages, identities and apps, after Microsoft's references of advanced hunting (defender-docs) and of Azure Monitor Logs (as of 2026-07-27).
// Where the two differ in a type, it is that of Azure Monitor Logs. A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const defenderAppTables: Record<string, string> = {
  AgentsInfo: `string: AgentDescription AgentId AgentName Availability Description EntraAgentId EntraAgentID EntraBlueprintId
      EntraBlueprintID Instructions LifecycleStatus Model Name Platform PublishedStatus SourceAgentId Version
    datetime: CreatedDateTime LastPublishedDateTime LastUpdatedDateTime Timestamp
    dynamic: Capabilities Channels ConnectedAgents DeclaredDataSources DeclaredTools Endpoints Guardrails
      McpServers Memory ObservabilityId ObservabilityID Owners Permissions RawAgentInfo SharedWith Skills
      ToolsAuthenticationType Triggers
    int: InstanceCount`,
  AIAgentsInfo: `string: AccessControlPolicy AgentActionTriggers AgentAppId AgentDescription AgentStatus AgentUsers AIAgentId
      AIAgentName AIModel AuthenticationTrigger CreatorAccountUpn EntraBlueprintId EntraObjectId EnvironmentId
      Instructions KnowledgeDetails LastModifiedByUpn LastPublishedByUpn OwnerAccountUpns Platform RawAgentInfo
      RegistrySource SourceAgentId UserAuthenticationType Version
    bool: IsBlocked IsGenerativeOrchestrationEnabled
    datetime: AgentCreationTime LastModifiedTime LastPublishedTime Timestamp
    dynamic: AccessCapabilities AgentToolsDetails AgentTopicsDetails AuthorizedSecurityGroupIds
      ChildAgentsSchemaNames ConnectedAgentsSchemaNames ElementTypes`,
  CampaignInfo: `string: CampaignId CampaignName CampaignSubtype CampaignSubType CampaignType NetworkMessageId
      RecipientEmailAddress ReportId
    datetime: Timestamp`,
  CloudAppEvents: `string: AccountDisplayName AccountId AccountObjectId AccountType ActionType ActivityType Application AuditSource
      City CountryCode DeviceType IPAddress IPCategory ISP OAuthAppId ObjectId ObjectName ObjectType OSPlatform
      ReportId UserAgent
    bool: IsAdminOperation IsAnonymousProxy IsExternalUser IsImpersonated
    datetime: Timestamp
    dynamic: ActivityObjects AdditionalFields IPTags LastSeenForUser RawEventData SessionData UncommonForUser
      UserAgentTags
    int: AppInstanceId ApplicationId`,
  CloudAuditEvents: `string: ActionType City CloudResourceId CountryCode DataSource IPAddress Isp OperationName ReportId ResourceId
      UserAgent
    bool: IsAnonymousProxy
    datetime: Timestamp
    dynamic: AdditionalFields RawEventData`,
  CloudDnsEvents: `string: ActionType AwsResourceName AzureResourceId ContainerId ContainerName DnsEventSubType DnsEventType DnsQuery
      DnsQueryTypeName DnsResponseCodeName GcpFullResourceName ImageName KubernetesNamespace KubernetesPodName
      KubernetesResource ProcessName ReportId TransactionIdHex
    datetime: Timestamp
    dynamic: AdditionalFields
    long: DnsNetworkDuration ProcessId`,
  CloudPolicyEnforcementEvents: `string: ActionType AdditionalFields AwsResourceName AzureResourceId DataSource GcpFullResourceName
      KubernetesNamespace Reason Region ReportId ResourceKind ResourceName SubscriptionId
    datetime: Timestamp`,
  CloudProcessEvents: `string: AccountName ActionType AdditionalFields AgentId AwsResourceName AzureResourceId ContainerId
      ContainerImageName ContainerName FileName FolderPath GcpFullResourceName HostName ImageDigest
      InitiatingProcessId KubernetesNamespace KubernetesPodName KubernetesResource ParentProcessId
      ParentProcessName ProcessCommandLine ProcessCurrentWorkingDirectory ProcessName Region
    datetime: ProcessCreationTime Timestamp
    long: LogonId ProcessId`,
  CloudStorageAggregatedEvents: `string: AccountApplicationId AccountObjectId AccountTenantId AccountUpn ActionType AuthenticationType
      AzureResourceId AzureSubscriptionId CityName ClientCloudPlatformName ClientSystemServiceName CountryName
      DataSource IpAddress Location ProvinceName ReportId ResourceGroup ServiceType StorageAccount
      StorageContainer StorageFileShare SubscriptionId SuspiciousUserAgentName UserAgentHeader
    bool: HasAnonymousResourceNotFoundFailures IsKnownSuspiciousIp IsPrivateIp IsTorExitNode
    datetime: DataAggregationEndTime DataAggregationStartTime FirstEventTimestamp LastEventTimestamp Timestamp
    dynamic: AdditionalFields HashReputationMd5List OperationNamesList
    int: AnonymousSuccessfulOperations DistinctGetOperations FailedOperationsCount OperationsCount
      SuccessfulOperationsCount SuccessfulReadOperations TotalResponseLength
    long: AccountType`,
  DataSecurityBehaviors: `string: AccountEmail AccountUpn ActionCategory ActionType Application AttackTechniques BehaviorId Categories
      Description DetectionSource ServiceSource
    bool: IsAnomalous IsContentHidden
    datetime: EndTime StartTime Timestamp
    dynamic: DeviceInfo PrinterName PriorityContentMatchInfo RecipientEmailInfo RemovableMediaInfo
      SensitiveInfoTypesInfo SensitivityLabelInfo SharepointSiteInfo UrlDomainInfo
    int: ActivityCount`,
  DataSecurityEvents: `string: AadDeviceId AccountObjectId AccountUpn ActionType ActivityId ApplicationNames CloudAppAlertId Department
      DeviceId DeviceName DlpPolicyMatchInfo EmailSubject ExternalUrlDomains FileRenameInfo InternetMessageId
      IPAddress IrmActionCategory NetworkMessageId ObjectId ObjectName ObjectType Operation PhysicalAccessPointId
      PhysicalAccessPointName PhysicalAccessStatus PhysicalAssetTag PreviousSensitivityLabelId PrinterName
      RecipientEmailAddress RemovableMediaManufacturer RemovableMediaModel RemovableMediaSerialNumber
      SensitivityLabelId SequenceCorrelationId SharepointSiteSensitivityLabelIds SiteUrl SourceCodeInfo
      SourceRelativeUrl SourceUrlDomain TargetFilePath TargetUrlDomain TeamsChannelName TeamsChannelType
      TeamsTeamName UnallowedUrlDomains UrlDomainInfo UserAlternateEmails Workload
    bool: IsHidden IsManagedDevice
    datetime: Timestamp
    dynamic: CcPolicyMatchInfo DlpPolicyRuleMatchInfo EmailAttachmentInfo IrmPolicyMatchInfo SensitiveInfoTypeInfo
    int: DeviceDestinationLocationType DeviceSourceLocationType DlpPolicyEnforcementMode EmailAttachmentCount
      ObjectSize`,
  EmailAttachmentInfo: `string: DetectionMethods FileExtension FileName FileType NetworkMessageId RecipientEmailAddress RecipientObjectId
      ReportId SenderDisplayName SenderFromAddress SenderObjectId SHA256 ThreatNames ThreatTypes
    datetime: Timestamp
    long: FileSize`,
  EmailEvents: `string: AuthenticationDetails ConfidenceLevel Connectors Context DeliveryAction DeliveryLocation DetectionMethods
      DistributionList EmailAction EmailActionPolicy EmailActionPolicyGuid EmailDirection EmailLanguage
      ExchangeTransportRule ForwardingInformation InternetMessageId LatestDeliveryAction LatestDeliveryLocation
      NetworkMessageId OrgLevelAction OrgLevelPolicy RecipientDomain RecipientEmailAddress RecipientObjectId
      ReportId SenderDisplayName SenderFromAddress SenderFromDomain SenderIPv4 SenderIPv6 SenderMailFromAddress
      SenderMailFromDomain SenderObjectId Subject ThreatClassification ThreatNames ThreatTypes UserLevelAction
      UserLevelPolicy
    bool: IsFirstContact
    datetime: LastEventExecutionTime Timestamp
    dynamic: AdditionalFields Cc To
    int: AttachmentCount BulkComplaintLevel EmailSize UrlCount
    long: EmailClusterId`,
  EmailPostDeliveryEvents: `string: Action ActionResult ActionTrigger ActionType DeliveryLocation DetectionMethods EmailDirection
      InternetMessageId NetworkMessageId RecipientEmailAddress ReportId SenderFromAddress SourceLocation
      ThreatTypes
    datetime: Timestamp`,
  EmailUrlInfo: `string: NetworkMessageId ReportId Url UrlDomain UrlLocation
    datetime: Timestamp`,
  EntraIdSignInEvents: `string: AccountDisplayName AccountObjectId AccountUpn AlternateSignInName Application ApplicationId
      AuthenticationProcessingDetails AuthenticationRequirement Browser City ClientAppUsed
      ConditionalAccessPolicies CorrelationId Country DeviceName DeviceTrustType EndpointCall EntraIdDeviceId
      IPAddress Latitude LogonType Longitude NetworkLocationDetails OSPlatform ReportId RequestId
      ResourceDisplayName ResourceId ResourceTenantId SessionId State UserAgent
    bool: IsConfidentialClient IsGuestUser
    datetime: LastPasswordChangeTimestamp Timestamp
    int: ConditionalAccessStatus ErrorCode IsCompliant IsExternalUser IsManaged RiskDetails RiskLevelAggregated
      RiskState TokenIssuerType`,
  EntraIdSpnSignInEvents: `string: Application ApplicationId City CorrelationId Country IPAddress Latitude Longitude ReportId RequestId
      ResourceDisplayName ResourceId ResourceTenantId ServicePrincipalId ServicePrincipalName State
    bool: IsManagedIdentity
    datetime: Timestamp
    int: ErrorCode`,
  FileMaliciousContentInfo: `string: DetectionMethods DocumentId DocumentID FileName FileOwnerDisplayName FileOwnerUpn FolderPath
      LastModifyingAccountUpn ReportId SHA256 ThreatNames ThreatTypes Workload
    datetime: FileCreationTime LastModifiedTime Timestamp
    long: FileSize`,
  GraphAPIAuditEvents: `string: AccountObjectId ApiVersion ApplicationId ClientRequestId EntityType IdentityProvider IpAddress Location
      OperationId ReportId RequestDuration RequestId RequestMethod RequestUri ResponseStatusCode Scopes
      ServicePrincipalId TargetWorkload UniqueTokenIdentifier
    datetime: Timestamp
    long: ResponseSize`,
  IdentityAccountInfo: `string: AccountId AccountStatus AccountUpn Address AuthenticationMethod AuthenticationSourceAcccountId City
      Country Department DisplayName EmailAddress EmployeeId GivenName IdentityId IdentityLinkBy
      IdentityLinkReason IdentityLinkType IdentityType JobTitle Manager Phone ReportId Sid SourceProvider
      SourceProviderAccountId SourceProviderInstanceDisplayName SourceProviderInstanceId Surname
      TenantMembershipType
    bool: IsPrimary
    datetime: CreatedDateTime DefenderRiskUpdateTime DeletedDateTime IdentityLinkTime LastPasswordChangeTime
      Timestamp
    dynamic: AdditionalFields AssignedRoles EligibleRoles EnrolledMfas GroupMembership SourceProvderRiskLevel
      SourceProviderRiskLevel Tags
    int: CriticalityLevel DefenderRiskLevel`,
  IdentityDirectoryEvents: `string: AccountDisplayName AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType Application
      DestinationDeviceName DestinationIPAddress DestinationPort DeviceName IPAddress ISP Location Port Protocol
      ReportId TargetAccountDisplayName TargetAccountUpn TargetDeviceName
    datetime: Timestamp
    dynamic: AdditionalFields`,
  IdentityEvents: `string: AccountDisplayName AccountId AccountType AccountUpn ActionFailureReason ActionResult ActionType
      Application ApplicationEventId ApplicationInstanceId ApplicationSessionId IPAddress ReportId UserAgent
    datetime: Timestamp
    dynamic: AdditionalFields RawEventData TargetObjects`,
  IdentityInfo: `string: AccountCloudSID AccountDisplayName AccountDomain AccountName AccountObjectId AccountSID AccountTenantId
      AccountUpn AccountUPN Address Applications BlastRadius ChangeSource City CloudSid CompanyName Country
      Department DistinguishedName EmailAddress EmployeeId GivenName IdentityEnvironment JobTitle MailAddress
      Manager OnPremisesDistinguishedName OnPremisesExtensionAttributes OnPremObjectId OnPremSid Phone ReportId
      RiskLevel RiskLevelDetails RiskState RiskStatus SAMAccountName SipProxyAddress State StreetAddress Surname
      Tags TenantMembershipType UACFlags UserState UserType
    bool: IsAccountEnabled IsMFARegistered IsServiceAccount
    datetime: AccountCreationTime CreatedDateTime DeletedDateTime LastSeenDate Timestamp UserStateChangedOn
    dynamic: AdditionalMailAddresses AssignedRoles EntityRiskScore ExtensionProperty GroupMembership
      OtherMailAddresses PrivilegedEntraPimRoles RelatedAccounts ServicePrincipals SourceProviders
      UserAccountControl
    int: CriticalityLevel InvestigationPriority InvestigationPriorityPercentile`,
  IdentityLogonEvents: `string: AccountDisplayName AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType Application
      DestinationDeviceName DestinationIPAddress DestinationPort DeviceName DeviceType FailureReason IPAddress ISP
      Location LogonType OSPlatform Port Protocol ReportId TargetAccountDisplayName TargetDeviceName
    datetime: Timestamp
    dynamic: AdditionalFields LastSeenForUser UncommonForUser`,
  IdentityQueryEvents: `string: AccountDisplayName AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType Application
      DestinationDeviceName DestinationIPAddress DestinationPort DeviceName IPAddress Location Port Protocol Query
      QueryTarget QueryType ReportId TargetAccountDisplayName TargetAccountUpn TargetDeviceName
    datetime: Timestamp
    dynamic: AdditionalFields`,
  MessageEvents: `string: DeliveryAction DeliveryLocation GroupId GroupName LastEditedTime MessageFormatSubtype MessageFormatType
      MessageId MessageSubject MessageVersion ParentMessageId ReportId SafetyTip SenderDisplayName
      SenderEmailAddress SenderObjectId SenderType TeamsMessageId ThreadId ThreadSubtype ThreatTypes
    bool: IsExternalThread IsOwnedThread
    datetime: Timestamp
    dynamic: ConfidenceLevel DetectionMethods RecipientDetails`,
  MessagePostDeliveryEvents: `string: Action ActionResult ActionTrigger ActionType DetectionMethods LatestDeliveryLocation ReportId SafetyTip
      SenderEmailAddress TeamsMessageId ThreatTypes
    bool: IsExternalThread
    datetime: Timestamp
    dynamic: ConfidenceLevel RecipientDetails`,
  MessageUrlInfo: `string: ReportId TeamsMessageId ThreatTypes Url UrlDomain
    datetime: Timestamp`,
  OAuthAppInfo: `string: AppName AppOrigin AppOwnerTenantId AppStatus OAuthAppId PrivilegeLevel ReportId ServicePrincipalId
    bool: IsAdminConsented
    datetime: AddedOnTime LastModifiedTime LastUsedTime Timestamp
    dynamic: Permissions VerifiedPublisher
    int: ConsentedUsersCount`,
  UrlClickEvents: `string: AccountUpn ActionType AppName AppVersion DetectionMethods IPAddress NetworkMessageId ReportId SourceId
      ThreatTypes Url UrlChain Workload
    bool: IsClickedThrough
    datetime: Timestamp`,
  AADSignInEventsBeta: `string: AadDeviceId AccountDisplayName AccountObjectId AccountUpn AlternateSignInName Application ApplicationId
      AuthenticationProcessingDetails AuthenticationRequirement Browser City ClientAppUsed
      ConditionalAccessPolicies CorrelationId Country DeviceName DeviceTrustType EndpointCall EntraIdDeviceId
      IPAddress Latitude LogonType Longitude NetworkLocationDetails OSPlatform ReportId RequestId
      ResourceDisplayName ResourceId ResourceTenantId SessionId State UserAgent
    bool: IsGuestUser
    datetime: LastPasswordChangeTimestamp Timestamp
    int: ConditionalAccessStatus ErrorCode IsCompliant IsExternalUser IsManaged RiskDetails RiskLevelAggregated
      RiskState TokenIssuerType`,
  AADSpnSignInEventsBeta: `string: Application ApplicationId City CorrelationId Country IPAddress Latitude Longitude ReportId RequestId
      ResourceDisplayName ResourceId ResourceTenantId ServicePrincipalId ServicePrincipalName State
    bool: IsManagedIdentity
    datetime: Timestamp
    int: ErrorCode`,
};
