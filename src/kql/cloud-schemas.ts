// Columns of the tables of Office, Entra, firewalls, flow logs and Sentinel, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2024-11-20). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const cloudTables: Record<string, string> = {
  OfficeActivity: `string: AADGroupId AADTarget Activity Actor ActorContextId ActorIpAddress AddOnGuid AddonName AddOnType
      AffectedItems AppDistributionMode AppId Application ApplicationId AppPoolName AzureActiveDirectory_EventType
      AzureADAppId ChannelGuid ChannelName ChannelType ChatName ChatThreadId Client Client_IPAddress ClientAppId
      ClientInfoString ClientIP ClientMachineName ClientProcessName ClientVersion CommunicationType CustomEvent
      DestFolder DestinationFileExtension DestinationFileName DestinationRelativeUrl DestMailboxId
      DestMailboxOwnerMasterAccountSid DestMailboxOwnerSid DestMailboxOwnerUPN EffectiveOrganization
      ElevationApprover ElevationRequestId ElevationRole Event_Data EventSource ExtendedProperties ExternalAccess
      Folder Folders GenericInfo InterSystemsId IntraSystemId Item ItemName ItemType Logon_Type LogonUserDisplayName
      LogonUserSid MachineDomainInfo MachineId MailboxGuid MailboxOwnerMasterAccountSid MailboxOwnerSid
      MailboxOwnerUPN MessageId ModifiedObjectResolvedName ModifiedProperties Name NewValue OfficeId OfficeObjectId
      OfficeTenantId OfficeWorkload OldValue Operation OperationScope OrganizationId OrganizationName
      OriginatingServer Parameters RecordType ResultReasonType ResultStatus SendAsUserMailboxGuid SendAsUserSmtp
      SendonBehalfOfUserMailboxGuid SendOnBehalfOfUserSmtp SharingType Site_ Site_Url Source_Name
      SourceFileExtension SourceFileName SourceRecordId SourceRelativeUrl SRPolicyId SRPolicyName SupportTicketId
      TabType TargetContextId TargetUserId TargetUserOrGroupName TargetUserOrGroupType TeamGuid TeamName UserAgent
      UserDomain UserId UserKey UserSharedWith UserType
    bool: CrossMailboxOperations IsManagedDevice
    datetime: ElevationApprovedTime ElevationTime Start_Time
    dynamic: ExtraProperties Members OperationProperties SRRuleMatchDetails
    int: DataCenterSecurityEventType ElevationDuration InternalLogonType LoginStatus`,
  CommonSecurityLog: `string: Activity AdditionalExtensions ApplicationProtocol CollectorHostName CommunicationDirection Computer
      DestinationDnsDomain DestinationHostName DestinationIP DestinationMACAddress DestinationNTDomain
      DestinationProcessName DestinationServiceName DestinationTranslatedAddress DestinationUserID
      DestinationUserName DestinationUserPrivileges DeviceAction DeviceAddress DeviceCustomDate1
      DeviceCustomDate1Label DeviceCustomDate2 DeviceCustomDate2Label DeviceCustomFloatingPoint1Label
      DeviceCustomFloatingPoint2Label DeviceCustomFloatingPoint3Label DeviceCustomFloatingPoint4Label
      DeviceCustomIPv6Address1 DeviceCustomIPv6Address1Label DeviceCustomIPv6Address2 DeviceCustomIPv6Address2Label
      DeviceCustomIPv6Address3 DeviceCustomIPv6Address3Label DeviceCustomIPv6Address4 DeviceCustomIPv6Address4Label
      DeviceCustomNumber1Label DeviceCustomNumber2Label DeviceCustomNumber3Label DeviceCustomString1
      DeviceCustomString1Label DeviceCustomString2 DeviceCustomString2Label DeviceCustomString3
      DeviceCustomString3Label DeviceCustomString4 DeviceCustomString4Label DeviceCustomString5
      DeviceCustomString5Label DeviceCustomString6 DeviceCustomString6Label DeviceDnsDomain DeviceEventCategory
      DeviceEventClassID DeviceExternalID DeviceFacility DeviceInboundInterface DeviceMacAddress DeviceName
      DeviceNtDomain DeviceOutboundInterface DevicePayloadId DeviceProduct DeviceTimeZone DeviceTranslatedAddress
      DeviceVendor DeviceVersion EventOutcome ExtID FileCreateTime FileHash FileID FileModificationTime FileName
      FilePath FilePermission FileType FlexDate1 FlexDate1Label FlexNumber1Label FlexNumber2Label FlexString1
      FlexString1Label FlexString2 FlexString2Label IndicatorThreatType LogSeverity MaliciousIP MaliciousIPCountry
      Message OldFileCreateTime OldFileHash OldFileID OldFileModificationTime OldFileName OldFilePath
      OldFilePermission OldFileType OriginalLogSeverity ProcessName Protocol Reason ReceiptTime RemoteIP RemotePort
      ReportReferenceLink RequestClientApplication RequestContext RequestCookies RequestMethod RequestURL
      SimplifiedDeviceAction SourceDnsDomain SourceHostName SourceIP SourceMACAddress SourceNTDomain
      SourceProcessName SourceServiceName SourceTranslatedAddress SourceUserID SourceUserName SourceUserPrivileges
      ThreatConfidence ThreatDescription
    datetime: EndTime StartTime
    int: DestinationPort DestinationProcessId DestinationTranslatedPort DeviceCustomNumber1 DeviceCustomNumber2
      DeviceCustomNumber3 EventCount EventType ExternalID FileSize FlexNumber1 FlexNumber2 OldFileSize ProcessID
      SourcePort SourceProcessId SourceTranslatedPort ThreatSeverity
    long: FieldDeviceCustomNumber1 FieldDeviceCustomNumber2 FieldDeviceCustomNumber3 ReceivedBytes SentBytes
    real: DeviceCustomFloatingPoint1 DeviceCustomFloatingPoint2 DeviceCustomFloatingPoint3
      DeviceCustomFloatingPoint4 MaliciousIPLatitude MaliciousIPLongitude`,
  AZKVAuditLogs: `string: AddressAuthorizationType Algorithm AppliedAssignmentId CallerIpAddress ClientInfo CorrelationId
      HsmPoolResourceId Id OperationName OperationVersion RequestUri ResultDescription ResultSignature ResultType SubnetId
      Tlsversion TrustedService
    bool: EnabledForDeployment EnabledForDiskEncryption EnabledForTemplateDeployment EnablePurgeProtection
      EnableRbacAuthorization EnableSoftDelete IsAccessPolicyMatch IsAddressAuthorized IsRbacAuthorized
    dynamic: CertificateIssuerProperties CertificatePolicyProperties CertificateProperties CertificateRequestProperties
      Identity KeyProperties NetworkAcls Nsp Properties SecretProperties Sku StorageAccountProperties
      StorageSasDefinitionProperties VaultProperties
    int: DurationMs HttpStatusCode SoftDeleteRetentionInDays`,
  AZFWApplicationRule: `string: Action ActionReason Fqdn Policy Protocol Rule RuleCollection RuleCollectionGroup SourceIp
      TargetUrl WebCategory
    bool: IsTlsInspected
    int: DestinationPort SourcePort`,
  AZFWNatRule: `string: DestinationIp Policy Protocol Rule RuleCollection RuleCollectionGroup SourceIp TranslatedIp
    int: DestinationPort SourcePort TranslatedPort`,
  AZFWNetworkRule: `string: Action ActionReason DestinationIp Policy Protocol Rule RuleCollection RuleCollectionGroup SourceIp
    int: DestinationPort SourcePort`,
  NTANetAnalytics: `string: AclGroup AclRule AzureRegion ConnectingVnets ConnectionName ConnectionType Country
      DestApplicationGateway DestExpressRouteCircuit DestIp DestLoadBalancer DestLocalNetworkGateway DestNic
      DestPublicIps DestRegion DestSubnet DestSubscription DestVm ExpressRouteCircuitPeeringType FaSchemaVersion
      FlowDirection FlowEncryption FlowLogResourceId FlowStatus FlowType L4Protocol L7Protocol MacAddress NsgList
      NsgRule NsgRuleType PrivateEndpointResourceId PrivateLinkResourceId PrivateLinkResourceName
      SrcApplicationGateway SrcExpressRouteCircuit SrcIp SrcLoadBalancer SrcLocalNetworkGateway SrcNic SrcPublicIps
      SrcRegion SrcSubnet SrcSubscription SrcVm Status SubType TargetResourceId TargetResourceType
    bool: IsFlowCapturedAtUdrHop
    datetime: FlowEndTime FlowIntervalEndTime FlowIntervalStartTime FlowStartTime TimeProcessed
    int: DestPort SrcPort
    long: AllowedInFlows AllowedOutFlows BytesDestToSrc BytesSrcToDest CompletedFlows DeniedInFlows DeniedOutFlows
      PacketsDestToSrc PacketsSrcToDest`,
  NTAIpDetails: `string: DnsDomain FaSchemaVersion FlowType Ip Location PublicIpDetails SubType ThreatDescription ThreatType
      Url
    datetime: FlowIntervalEndTime FlowIntervalStartTime
    int: Port`,
  SecurityIncident: `string: Classification ClassificationComment ClassificationReason Description IncidentName IncidentUrl
      ModifiedBy ProviderIncidentId ProviderName Severity Status Title
    datetime: ClosedTime CreatedTime FirstActivityTime FirstModifiedTime LastActivityTime LastModifiedTime
    dynamic: AdditionalData AlertIds BookmarkIds Comments Labels Owner RelatedAnalyticRuleIds Tasks
    int: IncidentNumber`,
  ThreatIntelligenceIndicator: `string: Action ActivityGroupNames AdditionalInformation Description DiamondModel DomainName EmailEncoding
      EmailLanguage EmailRecipient EmailSenderAddress EmailSenderName EmailSourceDomain EmailSourceIpAddress
      EmailSubject EmailXMailer ExternalIndicatorId FileHashType FileHashValue FileMutexName FileName FilePacker
      FilePath FileType IndicatorId IndicatorProvider KnownFalsePositives MalwareNames NetworkCidrBlock
      NetworkDestinationCidrBlock NetworkDestinationIP NetworkIP NetworkSourceCidrBlock NetworkSourceIP Tags
      ThreatType TrafficLightProtocolLevel Url UserAgent
    bool: Active KillChainActions KillChainC2 KillChainDelivery KillChainExploitation KillChainReconnaissance
      KillChainWeaponization PassiveOnly
    datetime: ExpirationDateTime FileCompileDateTime FileCreatedDateTime
    int: FileSize NetworkDestinationAsn NetworkDestinationPort NetworkPort NetworkProtocol NetworkSourceAsn
      NetworkSourcePort ThreatSeverity
    real: ConfidenceScore`,
  AADServicePrincipalSignInLogs: `string: AppId AuthenticationContextClassReferences AuthenticationProcessingDetails Category
      ConditionalAccessPolicies ConditionalAccessStatus CorrelationId FederatedCredentialId Id Identity IPAddress
      Level Location LocationDetails OperationName OperationVersion ResourceDisplayName ResourceGroup
      ResourceIdentity ResourceServicePrincipalId ResultDescription ResultSignature ResultType
      ServicePrincipalCredentialKeyId ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName
      UniqueTokenIdentifier
    long: DurationMs`,
  AADManagedIdentitySignInLogs: `string: AppId AuthenticationContextClassReferences AuthenticationProcessingDetails Category
      ConditionalAccessPolicies ConditionalAccessStatus CorrelationId FederatedCredentialId Id Identity IPAddress
      Level Location LocationDetails OperationName OperationVersion ResourceDisplayName ResourceGroup
      ResourceIdentity ResourceServicePrincipalId ResultDescription ResultSignature ResultType
      ServicePrincipalCredentialKeyId ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName
      UniqueTokenIdentifier
    long: DurationMs`,
  AADUserRiskEvents: `string: Activity CorrelationId DetectionTimingType Id IpAddress OperationName RequestId RiskDetail
      RiskEventType RiskLevel RiskState Source TokenIssuerType UserDisplayName UserId UserPrincipalName
    datetime: ActivityDateTime DetectedDateTime LastUpdatedDateTime
    dynamic: AdditionalInfo Location`,
  AADRiskyUsers: `string: CorrelationId Id OperationName RiskDetail RiskLevel RiskState UserDisplayName UserPrincipalName
    bool: IsDeleted IsProcessing
    datetime: RiskLastUpdatedDateTime`,
  DnsEvents: `string: ClientIP Computer Confidence Description IndicatorThreatType IPAddresses MaliciousIP Message Name
      QueryType RemoteIPCountry Result SubType TaskCategory
    int: EventId ResultCode Severity
    real: RemoteIPLatitude RemoteIPLongitude`,
  W3CIISLog: `string: AzureDeploymentID cIP Computer Confidence csCookie csHost csMethod csReferer csUriQuery csUriStem
      csUserAgent csUserName csVersion Description FirstReportedDateTime IndicatorThreatType IsActive
      LastReportedDateTime MaliciousIP ManagementGroupName RemoteIPCountry Role RoleInstance scStatus scSubStatus
      scWin32Status sIP sSiteName StorageAccount TLPLevel
    int: Severity sPort
    long: csBytes scBytes TimeTaken
    real: RemoteIPLatitude RemoteIPLongitude`,
  BehaviorAnalytics: `string: ActionType ActivityType ActorName ActorPrincipalName DestinationDevice DestinationIPAddress
      DestinationIPLocation Device EventProductVersion EventSource EventVendor NativeTableName SourceDevice
      SourceIPAddress SourceIPLocation SourceRecordId TargetName TargetPrincipalName UserName UserPrincipalName
    datetime: TimeProcessed
    dynamic: ActivityInsights DevicesInsights UsersInsights
    int: InvestigationPriority`,
  AWSCloudTrail: `string: AdditionalEventData APIVersion AwsEventId AWSRegion AwsRequestId AwsRequestId_ Category CidrIp
      CipherSuite ClientProvidedHostHeader DestinationPort EC2RoleDelivery ErrorCode ErrorMessage EventName
      EventSource EventTypeName EventVersion IpProtocol OperationName RecipientAccountId RequestParameters Resources
      ResponseElements ServiceEventDetails SessionIssuerAccountId SessionIssuerArn SessionIssuerPrincipalId
      SessionIssuerType SessionIssuerUserName SharedEventId SourceIpAddress SourcePort TlsVersion UserAgent
      UserIdentityAccessKeyId UserIdentityAccountId UserIdentityArn UserIdentityInvokedBy UserIdentityPrincipalid
      UserIdentityType UserIdentityUserName VpcEndpointId
    bool: ManagementEvent ReadOnly SessionMfaAuthenticated
    datetime: SessionCreationDate`,
  StorageBlobLogs: `string: AccessTier AccountName AuthenticationHash AuthenticationType CallerIpAddress Category ClientRequestId
      ConditionsUsed CorrelationId DestinationUri Etag Location MetricResponseType ObjectKey OperationName
      OperationVersion Protocol ReferrerHeader RehydratePriority RequesterAppId RequesterAudience RequesterObjectId
      RequesterTenantId RequesterTokenIssuer RequesterUpn RequestMd5 ResponseMd5 SasExpiryStatus SchemaVersion
      ServiceType SourceAccessTier SourceUri StatusCode StatusText TlsVersion Uri UserAgentHeader
    datetime: LastModifiedTime
    dynamic: AuthorizationDetails
    int: OperationCount
    long: ContentLengthHeader RequestBodySize RequestHeaderSize ResponseBodySize ResponseHeaderSize
    real: DurationMs ServerLatencyMs`,
  MicrosoftGraphActivityLogs: `string: AadTenantId ApiVersion AppId ATContent ATContentH ATContentP ClientRequestId IdentityProvider
      IPAddress Location OperationId RequestId RequestMethod RequestUri Roles Scopes ServicePrincipalId
      SignInActivityId UserAgent UserId Wids
    datetime: TokenIssuedAt
    int: ClientAuthMethod DurationMs ResponseSizeBytes ResponseStatusCode`,
  AADProvisioningLogs: `string: AADTenantId Category ChangeId CorrelationId CycleId Id InitiatedBy JobId ModifiedProperties
      OperationName OperationVersion ProvisioningAction ProvisioningStatusInfo ProvisioningSteps ResultDescription
      ResultSignature ResultType ServicePrincipal SourceIdentity TargetIdentity TargetSystem
    long: DurationMs`,
};
