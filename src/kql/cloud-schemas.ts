// Columns of the tables of Office, of other clouds, and of resources: networks, storage, containers, apps, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2026-07-27). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const cloudTables: Record<string, string> = {
  OfficeActivity: `string: AADGroupId AADTarget Activity Actor ActorContextId ActorIpAddress AddOnGuid AddonName AddOnType
      AffectedItems AppDistributionMode AppId Application ApplicationId AppPoolName AzureActiveDirectory_EventType
      AzureADAppId ChannelGuid ChannelName ChannelType ChatName ChatThreadId Client Client_IPAddress ClientAppId
      ClientInfoString ClientIP ClientMachineName ClientProcessName ClientVersion CommunicationType CustomEvent
      DestFolder DestinationFileExtension DestinationFileName DestinationRelativeUrl DestMailboxId
      DestMailboxOwnerMasterAccountSid DestMailboxOwnerSid DestMailboxOwnerUPN DeviceInformation
      EffectiveOrganization ElevationApprover ElevationRequestId ElevationRole Event_Data EventSource
      ExtendedProperties ExternalAccess Folder Folders GenericInfo InterSystemsId IntraSystemId Item ItemName
      ItemType ListItemUniqueId Logon_Type LogonUserDisplayName LogonUserSid MachineDomainInfo MachineId
      MailboxGuid MailboxOwnerMasterAccountSid MailboxOwnerSid MailboxOwnerUPN MeetingDetailId MessageId
      ModifiedObjectResolvedName ModifiedProperties Name NewValue OfficeId OfficeObjectId OfficeTenantId
      OfficeWorkload OldValue Operation OperationScope OrganizationId OrganizationName OriginatingServer
      Parameters RecordType ResultReasonType ResultStatus SendAsUserMailboxGuid SendAsUserSmtp
      SendonBehalfOfUserMailboxGuid SendOnBehalfOfUserSmtp SensitivityLabelId SharingType Site_ Site_Url
      Source_Name SourceFileExtension SourceFileName SourceRecordId SourceRelativeUrl SRPolicyId SRPolicyName
      SupportTicketId TabType TargetContextId TargetUserId TargetUserOrGroupName TargetUserOrGroupType TeamGuid
      TeamName UniqueSharingId UserAgent UserDomain UserId UserKey UserSharedWith UserType
    bool: CrossMailboxOperations IsJoinedFromLobby IsManagedDevice
    datetime: ElevationApprovedTime ElevationTime JoinTime LeaveTime Start_Time
    dynamic: AppAccessContext ArtifactsShared Attendees ExtraProperties Members OperationProperties
      SRRuleMatchDetails
    int: DataCenterSecurityEventType ElevationDuration InternalLogonType LoginStatus`,
  CommonSecurityLog: `string: Activity AdditionalExtensions ApplicationProtocol CollectorHostName CommunicationDirection Computer
      DestinationDnsDomain DestinationHostName DestinationIP DestinationMACAddress DestinationNTDomain
      DestinationProcessName DestinationServiceName DestinationTranslatedAddress DestinationUserID
      DestinationUserName DestinationUserPrivileges DeviceAction DeviceAddress DeviceCustomDate1
      DeviceCustomDate1Label DeviceCustomDate2 DeviceCustomDate2Label DeviceCustomFloatingPoint1Label
      DeviceCustomFloatingPoint2Label DeviceCustomFloatingPoint3Label DeviceCustomFloatingPoint4Label
      DeviceCustomIPv6Address1 DeviceCustomIPv6Address1Label DeviceCustomIPv6Address2
      DeviceCustomIPv6Address2Label DeviceCustomIPv6Address3 DeviceCustomIPv6Address3Label
      DeviceCustomIPv6Address4 DeviceCustomIPv6Address4Label DeviceCustomNumber1Label DeviceCustomNumber2Label
      DeviceCustomNumber3Label DeviceCustomString1 DeviceCustomString1Label DeviceCustomString2
      DeviceCustomString2Label DeviceCustomString3 DeviceCustomString3Label DeviceCustomString4
      DeviceCustomString4Label DeviceCustomString5 DeviceCustomString5Label DeviceCustomString6
      DeviceCustomString6Label DeviceDnsDomain DeviceEventCategory DeviceEventClassID DeviceExternalID
      DeviceFacility DeviceInboundInterface DeviceMacAddress DeviceName DeviceNtDomain DeviceOutboundInterface
      DevicePayloadId DeviceProduct DeviceTimeZone DeviceTranslatedAddress DeviceVendor DeviceVersion EventOutcome
      ExtID FileCreateTime FileHash FileID FileModificationTime FileName FilePath FilePermission FileType
      FlexDate1 FlexDate1Label FlexNumber1Label FlexNumber2Label FlexString1 FlexString1Label FlexString2
      FlexString2Label IndicatorThreatType LogSeverity MaliciousIP MaliciousIPCountry Message OldFileCreateTime
      OldFileHash OldFileID OldFileModificationTime OldFileName OldFilePath OldFilePermission OldFileType
      OriginalLogSeverity ProcessName Protocol Reason ReceiptTime RemoteIP RemotePort ReportReferenceLink
      RequestClientApplication RequestContext RequestCookies RequestMethod RequestURL SimplifiedDeviceAction
      SourceDnsDomain SourceHostName SourceIP SourceMACAddress SourceNTDomain SourceProcessName SourceServiceName
      SourceTranslatedAddress SourceUserID SourceUserName SourceUserPrivileges ThreatConfidence ThreatDescription
    datetime: EndTime StartTime
    int: DestinationPort DestinationProcessId DestinationTranslatedPort DeviceCustomNumber1 DeviceCustomNumber2
      DeviceCustomNumber3 EventCount EventType ExternalID FileSize FlexNumber1 FlexNumber2 OldFileSize ProcessID
      SourcePort SourceProcessId SourceTranslatedPort ThreatSeverity
    long: FieldDeviceCustomNumber1 FieldDeviceCustomNumber2 FieldDeviceCustomNumber3 ReceivedBytes SentBytes
    real: DeviceCustomFloatingPoint1 DeviceCustomFloatingPoint2 DeviceCustomFloatingPoint3
      DeviceCustomFloatingPoint4 MaliciousIPLatitude MaliciousIPLongitude`,
  NTANetAnalytics: `string: AclGroup AclRule Action AzureRegion ConnectingVnets ConnectionName ConnectionType Country Description
      DestApplicationGateway DestCloud DestEnvironment DestExpressRouteCircuit DestIp DestLoadBalancer
      DestLocalNetworkGateway DestNetworkGroups DestNic DestPublicIps DestRegion DestServiceId DestServiceName
      DestServiceTags DestSubnet DestSubscription DestTenantId DestTenantName DestVm
      ExpressRouteCircuitPeeringType FaSchemaVersion FlowDirection FlowEncryption FlowLogResourceId FlowStatus
      FlowType L4Protocol L7Protocol LogResourceId MacAddress NsgList NsgRule NsgRuleType
      PrivateEndpointResourceId PrivateLinkResourceId PrivateLinkResourceName SrcApplicationGateway SrcCloud
      SrcEnvironment SrcExpressRouteCircuit SrcIp SrcLoadBalancer SrcLocalNetworkGateway SrcNetworkGroups SrcNic
      SrcPorts SrcPublicIps SrcRegion SrcServiceId SrcServiceName SrcServiceTags SrcSubnet SrcSubscription
      SrcTenantId SrcTenantName SrcVm Status SubType TargetResourceId TargetResourceType
      TrafficAnalyticsResourceId
    bool: IsFlowCapturedAtUdrHop
    datetime: FlowEndTime FlowIntervalEndTime FlowIntervalStartTime FlowStartTime TimeProcessed
    int: DestPort SrcPort
    long: AllowedInFlows AllowedOutFlows BytesDestToSrc BytesSrcToDest CompletedFlows DeniedInFlows DeniedOutFlows
      PacketsDestToSrc PacketsSrcToDest RecordCount`,
  NTAIpDetails: `string: DnsDomain FaSchemaVersion FlowType Ip Location PublicIpDetails SubType ThreatDescription ThreatType Url
    datetime: FlowIntervalEndTime FlowIntervalStartTime
    int: Port`,
  AWSCloudTrail: `string: AdditionalEventData APIVersion AwsEventId AWSRegion AwsRequestId AwsRequestId_ Category CidrIp CipherSuite
      ClientProvidedHostHeader DestinationPort EC2RoleDelivery ErrorCode ErrorMessage EventName EventSource
      EventTypeName EventVersion IpProtocol OperationName RecipientAccountId RequestParameters Resources
      ResponseElements ServiceEventDetails SessionIssuerAccountId SessionIssuerArn SessionIssuerPrincipalId
      SessionIssuerType SessionIssuerUserName SharedEventId SourceIpAddress SourcePort TlsVersion UserAgent
      UserIdentityAccessKeyId UserIdentityAccountId UserIdentityArn UserIdentityInvokedBy UserIdentityPrincipalid
      UserIdentityStoreArn UserIdentityType UserIdentityUserId UserIdentityUserName VpcEndpointId
    bool: ManagementEvent ReadOnly SessionMfaAuthenticated
    datetime: SessionCreationDate`,
  StorageBlobLogs: `string: AccessTier AccountName AuthenticationHash AuthenticationType CallerIpAddress Category ClientRequestId
      ConditionsUsed CorrelationId DestinationUri Etag Location MetricResponseType ObjectKey OperationName
      OperationVersion Protocol ReferrerHeader RehydratePriority RequesterAppId RequesterAudience
      RequesterObjectId RequesterTenantId RequesterTokenIssuer RequesterUpn RequestMd5 ResponseMd5 SasExpiryStatus
      SchemaVersion ServiceType SourceAccessTier SourceUri StatusCode StatusText TlsVersion Uri UserAgentHeader
    datetime: LastModifiedTime
    dynamic: AuthorizationDetails
    int: OperationCount
    long: ContentLengthHeader RequestBodySize RequestHeaderSize ResponseBodySize ResponseHeaderSize
    real: DurationMs ServerLatencyMs`,
  AKSAudit: `string: AuditId Level PodName RequestUri Stage UserAgent Verb
    datetime: RequestReceivedTime StageReceivedTime
    dynamic: Annotations ObjectRef RequestObject ResponseObject ResponseStatus SourceIps User`,
  AKSAuditAdmin: `string: AuditId Level PodName RequestUri Stage UserAgent Verb
    datetime: RequestReceivedTime StageReceivedTime
    dynamic: Annotations ObjectRef RequestObject ResponseObject ResponseStatus SourceIps User`,
  AKSControlPlane: `string: Category Level Message PodName Stream`,
  AGWAccessLogs: `string: BackendPoolName BackendSettingName BackendSslCipher BackendSslProtocol ClientIp ErrorInfo Host HttpMethod
      HttpVersion InstanceId ListenerName OperationName OriginalHost OriginalRequestUriWithArgs RequestQuery
      RequestUri RuleName ServerRouted SslCipher SslClientCertificateFingerprint SslClientCertificateIssuerName
      SslClientVerify SslEnabled SslProtocol TransactionId UserAgent WafMode WafPolicyId
    int: ClientPort HttpStatus ReceivedBytes SentBytes ServerStatus UpstreamSourcePort
    real: ClientResponseTime ServerConnectTime ServerHeaderTime ServerResponseLatency TimeTaken WafEvaluationTime`,
  AGWFirewallLogs: `string: Action ClientIp DetailedData DetailedMessage FileDetails Hostname InstanceId LineDetails Message
      OperationName ParanoiaLevel PolicyId PolicyScope PolicyScopeName RequestUri RuleId RuleSetType
      RuleSetVersion Site TransactionId
    int: ClientPort`,
  AWSCloudWatch: `string: Message
    datetime: ExtractedTime`,
  AWSGuardDuty: `string: AccountId ActivityType Arn Description Id Partition Region SchemaVersion Title
    datetime: TimeCreated
    dynamic: ResourceDetails ServiceDetails
    int: Severity`,
  AWSVPCFlow: `string: AccountId Action AzId DstAddr EcsClusterArn EcsClusterName EcsContainerId EcsContainerInstanceArn
      EcsContainerInstanceId EcsSecondContainerId EcsServiceName EcsTaskArn EcsTaskDefinitionArn EcsTaskId
      FlowDirection InstanceId InterfaceId LogStatus PktDstAddr PktDstAwsService PktSrcAddr PktSrcAwsService
      Region SrcAddr SublocationId SublocationType SubnetId TrafficPath TrafficType VpcId
    datetime: End Start
    int: DstPort Packets Protocol SrcPort TcpFlags Version
    long: Bytes`,
  AZFWApplicationRule: `string: Action ActionReason Fqdn Policy Protocol Rule RuleCollection RuleCollectionGroup SourceIp TargetUrl
      WebCategory
    bool: IsExplicitProxyRequest IsTlsInspected
    int: DestinationPort SourcePort`,
  AZFWDnsQuery: `string: ErrorMessage Protocol QueryClass QueryName QueryType ResponseCode ResponseFlags SourceIp
    bool: DnssecOkBit
    int: EDNS0BufferSize ErrorNumber QueryId RequestSize ResponseSize SourcePort
    real: RequestDurationSecs`,
  AZFWIdpsSignature: `string: Action Category Description DestinationIp Protocol SignatureId SourceIp
    int: DestinationPort Severity SourcePort`,
  AZFWNatRule: `string: DestinationIp Policy Protocol Rule RuleCollection RuleCollectionGroup SourceIp TranslatedIp
    int: DestinationPort SourcePort TranslatedPort`,
  AZFWNetworkRule: `string: Action ActionReason DestinationIp Policy Protocol Rule RuleCollection RuleCollectionGroup SourceIp
    int: DestinationPort SourcePort`,
  AZFWThreatIntel: `string: Action DestinationIp Fqdn Protocol SourceIp TargetUrl ThreatDescription
    bool: IsTlsInspected
    int: DestinationPort SourcePort`,
  AZFWFlowTrace: `string: Action ActionReason DestinationIp Flag Protocol SourceIp
    int: DestinationPort SourcePort`,
  AZKVAuditLogs: `string: AddressAuthorizationType Algorithm AppliedAssignmentId CallerIpAddress ClientInfo CorrelationId
      HsmPoolResourceId Id OperationName OperationVersion RequestUri ResultDescription ResultSignature ResultType
      SubnetId Tlsversion TrustedService
    bool: EnabledForDeployment EnabledForDiskEncryption EnabledForTemplateDeployment EnablePurgeProtection
      EnableRbacAuthorization EnableSoftDelete IsAccessPolicyMatch IsAddressAuthorized IsRbacAuthorized
    dynamic: CertificateIssuerProperties CertificatePolicyProperties CertificateProperties
      CertificateRequestProperties Identity KeyProperties NetworkAcls Nsp Properties SecretProperties Sku
      StorageAccountProperties StorageSasDefinitionProperties VaultProperties
    int: DurationMs HttpStatusCode SoftDeleteRetentionInDays`,
  ApiManagementGatewayLogs: `string: ApiId ApimSubscriptionId ApiRevision BackendId BackendMethod BackendProtocol BackendRequestBody
      BackendResponseBody BackendUrl Cache CallerIpAddress Category ClientProtocol ClientTlsVersion CorrelationId
      LastErrorMessage LastErrorReason LastErrorScope LastErrorSection LastErrorSource Method OperationId
      OperationName ProductId Region RequestBody ResponseBody Url UserId WorkspaceId
    bool: IsMasterTrace IsRequestSuccess IsTraceAllowed IsTraceExpired IsTraceRequested
    datetime: Timestamp
    dynamic: BackendRequestHeaders BackendResponseHeaders Errors RequestHeaders ResponseHeaders TraceRecords
    int: BackendResponseCode RequestSize ResponseCode ResponseSize
    long: BackendTime CacheTime ClientTime LastErrorElapsed TotalTime`,
  AppServiceHTTPLogs: `string: CIp ComputerName Cookie CsHost CsMethod CsUriQuery CsUriStem CsUsername Referer Result ScSubStatus
      ScWin32Status SPort UserAgent
    int: CsBytes ScBytes ScStatus TimeTaken`,
  AppServiceAuditLogs: `string: Category OperationName Protocol User UserAddress UserDisplayName`,
  AppServiceConsoleLogs: `string: Category ContainerId Host Level OperationName ResultDescription`,
  AzureDevOpsAuditing: `string: ActivityId ActorClientId ActorCUID ActorDisplayName ActorUPN ActorUserId Area AuthenticationMechanism
      Category CategoryDisplayName CorrelationId Details Id IpAddress OperationName ProjectId ProjectName
      ScopeDisplayName ScopeId ScopeType UserAgent
    dynamic: Data`,
  AzureDiagnostics: `string: action_id_s action_name_s action_s ActivityId_g addedAccessPolicy_ObjectId_g
      addedAccessPolicy_Permissions_certificates_s addedAccessPolicy_Permissions_keys_s
      addedAccessPolicy_Permissions_secrets_s addedAccessPolicy_TenantId_g AdHocOrScheduledJob_s
      application_name_s avg_cpu_percent_s avg_mean_time_s backendHostname_s Caller_s callerId_s CallerIPAddress
      calls_s Category client_ip_s clientInfo_s clientIP_s clientIp_s clientIpAddress_s code_s collectionName_s
      conditions_destinationIP_s conditions_destinationPortRange_s conditions_None_s conditions_protocols_s
      conditions_sourceIP_s conditions_sourcePortRange_s CorrelationId database_name_s database_principal_name_s
      DatabaseName_s db_id_s direction_s ElasticPoolName_s Environment_s error_code_s error_message_s errorLevel_s
      event_class_s event_s event_subclass_s EventName_s host_s httpMethod_s httpStatusCode_s httpVersion_s id_s
      identity_claim_appid_g identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g
      identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s identity_claim_ipaddr_s
      identity_claim_oid_g identity_claim_upn_s instanceId_s ip_s is_column_permission_s JobDurationInSecs_s
      JobFailureCode_s JobId_g jobId_s JobOperation_s JobOperationSubType_s JobStartDateTime_s JobStatus_s
      JobUniqueId_g Level LogicalServerName_s macAddress_s max_time_s mean_time_s Message min_time_s msg_s
      object_name_s OperationName OperationVersion partitionKey_s policy_s policyMode_s primaryIPv4Address_s
      properties_s properties_sku_Family_s properties_sku_Name_s properties_tenantId_g query_hash_s
      query_plan_hash_s querytext_s Region_s removedAccessPolicy_ObjectId_g requestCharge_s requestQuery_s
      requestResourceId_s requestResourceType_s requestUri_s reserved_storage_mb_s Resource resource_actionName_s
      resource_location_s resource_originRunId_s resource_resourceGroupName_s resource_runId_s
      resource_subscriptionId_g resource_triggerName_s resource_workflowId_g resource_workflowName_s ResourceGroup
      ResourceId ResourceProvider ResourceType resultCode_s ResultDescription resultDescription_ChildJobs_s
      resultDescription_ErrorJobs_s resultMessage_s ResultSignature ResultType rootCauseAnalysis_s
      routingRuleName_s ruleName_s RunbookName_s RunOn_s schema_name_s sequence_group_id_g server_principal_sid_s
      SubscriptionId
    bool: isAccessPolicyMatch_b properties_enabledForDeployment_b properties_enabledForDiskEncryption_b
      properties_enabledForTemplateDeployment_b
    datetime: endTime_t event_time_t executionInfo_endTime_t executionInfo_startTime_t
    long: DurationMs
    real: audit_schema_version_d clientPort_d count_executions_d cpu_time_d dop_d duration_d
      duration_milliseconds_d execution_type_d executionInfo_exitCode_d httpStatus_d httpStatusCode_d
      interval_end_time_d interval_start_time_d log_bytes_used_d logical_io_reads_d logical_io_writes_d
      matchedConnections_d max_cpu_time_d max_dop_d max_duration_d max_log_bytes_used_d max_logical_io_reads_d
      max_logical_io_writes_d max_num_physical_io_reads_d max_physical_io_reads_d max_query_max_used_memory_d
      max_rowcount_d num_physical_io_reads_d object_id_d physical_io_reads_d plan_id_d priority_d query_id_d
      query_max_used_memory_d query_time_d receivedBytes_d response_rows_d rowcount_d sentBytes_d
      sequence_number_d session_id_d`,
  AzureMetrics: `string: CallerIpAddress Category Confidence CorrelationId Description FirstReportedDateTime IndicatorThreatType
      IsActive LastReportedDateTime MaliciousIP MetricName OperationName OperationVersion RemoteIPCountry Resource
      ResourceGroup ResourceId ResourceProvider ResultDescription ResultSignature ResultType SubscriptionId
      TimeGrain TLPLevel UnitName
    int: Severity
    long: DurationMs
    real: Average Count Maximum Minimum RemoteIPLatitude RemoteIPLongitude Total`,
  ContainerLogV2: `string: Computer ContainerId ContainerName LogLevel LogSource PodName PodNamespace
    dynamic: KubernetesMetadata LogMessage`,
  ContainerRegistryLoginEvents: `string: CallerIpAddress Category CorrelationId DurationMs Identity JwtId LoginServer OperationName Region
      ResultDescription ResultType UserAgent`,
  CopilotActivity: `string: ActorName ActorUserId ActorUserType AgentId AgentName AIModelName AIModelVersion AppHost AppIdentity
      ClientRegion LogVersion OrganizationId RecordId RecordType SrcIpAddr Version Workload
    dynamic: LLMEventData`,
  GCPAuditLogs: `string: GCPResourceName GCPResourceType InsertId LogName MethodName NumResponseItems PrincipalEmail ProjectId
      ServiceName Severity StatusMessage Subscription
    datetime: Timestamp
    dynamic: AuthenticationInfo AuthorizationInfo Metadata Request RequestMetadata ResourceLocation
      ResourceOriginalState Response ServiceData Status`,
  KubeEvents: `string: ClusterId ClusterName Computer KubeEventType Message Name Namespace ObjectKind Reason SourceComponent
    datetime: FirstSeen LastSeen
    real: Count`,
  McasShadowItReporting: `string: AadTenantId AppCategory AppId AppInstance AppName EnrichedUserName IpAddress MachineId MachineName
      RawUserName RichUserName StreamName UserName
    datetime: Date
    dynamic: AppTags
    int: AppScore BlockedEvents DownloadedBytes TotalBytes TotalEvents UploadedBytes`,
  MicrosoftAzureBastionAuditLogs: `string: ClientIpAddress Location Message OperationName Protocol ResourceType SessionEndTime TargetResourceId
      TargetVMIPAddress TunnelId UserAgent UserEmail UserName
    datetime: SessionStartTime Time
    int: ClientPort Duration`,
  MicrosoftPurviewInformationProtection: `string: ActionSource ActionSourceDetail Application ApplicationMode ClientIP ContentType CorrelationId
      CurrentProtectionTypeName DataState DeviceName ExecutionRuleId ExecutionRuleName ExecutionRuleVersion Id
      IrmContentId ItemName ItemSize JustificationText LabelAction LabelEventType LabelName LabelVersion
      MachineName MgtRuleId ObjectId OldSensitivityLabelId OldSensitivityLabelOwnerEmail Operation OrganizationId
      OverRideReason OverRideType Platform PolicyId PolicyName PolicyVersion PreviousProtectionTypeName
      ProtectionEventTypeName RecordTypeName ResultStatus RuleMode Scope ScopedLocationId Sender
      SensitivityLabelId SensitivityLabelOwnerEmail SensitivityLabelPolicyId Severity TargetLocation UserId
      UserKey UserType Workload WorkLoadItemId
    bool: IsViewableByExternalUsers SensitiveInfoDetectionIsIncluded
    datetime: ItemCreationTime ItemLastModifiedTime LabelAppliedDateTime
    dynamic: AppAccessContext AutoSensitivityLabelPolicyInfo Common ConditionMatch CurrentProtectionType EmailInfo
      ExchangeMetaData OverriddenActions PreviousProtectionType ProtectionEventData Receivers RuleActions
      SensitiveInfoTypeData SensitivityLabelEventFailureData SharePointMetaData
    int: RecordType`,
  NetworkAccessTraffic: `string: AccessType Action AgentVersion AIAgentId AIAgentName AIDetectionEvidence AppId AppSegmentId
      CloudAppCatalogId CloudAppCategories CloudAppCategory CloudAppLoginUser CloudAppName ConnectionId
      ConnectionStatus ConnectorId ConnectorIp ConnectorName Description DestinationFqdn DestinationIp
      DestinationUrl DestinationWebCategories DeviceCategory DeviceId DeviceOperatingSystem
      DeviceOperatingSystemVersion DnsResponseOrigin FilteringProfileId FilteringProfileName HttpMethod
      HttpRequestContentType HttpResponseContentType HttpUserAgent InitiatingProcessName KerberosClientName
      KerberosErrorCodeName KerberosErrorText KerberosMsgType NetworkProtocol OnPremAccount OriginHeader PolicyId
      PolicyName PolicyRuleId ProcessArgs ProcessingRegion ProcessTree Realm ReferrerHeader RemoteNetworkId
      ResourceTenantId RuleName ServicePrincipalName SessionId SourceIp ThreatType TlsAction TlsPolicyId
      TlsPolicyName TlsRuleId TlsRuleName TlsStatus Token3PUniqueId TrafficType TransactionId TransportProtocol
      UniqueTokenId UserId UserPrincipalName VendorNames XForwardedFor
    bool: IsAgentic IsTokenAgentic
    datetime: Token3PExpiry Token3PIssuedAt Token3PValidFrom
    int: AIDetectionConfidence CloudAppComplianceScore CloudAppGeneralScore CloudAppLegalScore CloudAppRiskScore
      DestinationPort KerberosErrorCode KerberosNonce ResponseCode SourcePort
    long: ReceivedBytes SentBytes`,
  OktaSystemLogs: `string: ActingAppName ActingAppType ActorDisplayName ActorSessionId ActorUserId ActorUserIdType ActorUsername
      ActorUsernameType ActorUserType AuthenticationContextAuthenticationProvider
      AuthenticationContextCredentialProvider AuthenticationContextInterface AuthenticationContextIssuerId
      AuthenticationContextIssuerType DvcAction EventMessage EventOriginalResultDetails EventOriginalType
      EventOriginalUid EventResult EventSeverity HttpUserAgent LegacyEventType LogonMethod
      OriginalActorAlternateId OriginalClientDevice OriginalOutcomeResult OriginalSeverity OriginalUserId
      OriginalUserType SecurityContextAsOrg SecurityContextDomain SrcDeviceType SrcDvcId SrcDvcIdType SrcDvcOs
      SrcGeoCity SrcGeoCountry SrcGeoPostalCode SrcGeoRegion SrcIpAddr SrcIsp SrcZone TransactionId
      TransactionType Version
    bool: SecurityContextIsProxy
    dynamic: ActorDetailEntry DebugData OriginalTarget Request TransactionDetail
    int: AuthenticationContextAuthenticationStep SecurityContextAsNumber
    real: SrcGeoLatitude SrcGeoLongtitude`,
  PowerPlatformAdminActivity: `string: ActorName ActorUserId ActorUserType EnvironmentId EventOriginalType EventOriginalUid EventResult
      OrganizationId RecordType Workload
    bool: RequiresCustomerKeyEncryption
    dynamic: Properties PropertyCollection`,
  SQLSecurityAuditEvents: `string: ActionId ActionName AdditionalInformation ApplicationName Category ClassType ClassTypeDescription ClientIp
      ConnectionId DatabaseName DatabasePrincipalName DataSensitivityInformation EventId HostName
      LogicalServerName ObjectName PermissionBitmask ResourceGroup SchemaName SecurableClassType SequenceGroupId
      ServerPrincipalName ServerPrincipalSid SessionContext SessionServerPrincipalName Statement
      TargetDatabasePrincipalName TargetServerPrincipalName TargetServerPrincipalSid UserDefinedInformation
    bool: IsColumnPermission IsServerLevelAudit Succeeded
    datetime: EventTime
    int: AuditSchemaVersion ClientTlsVersion DatabasePrincipalId ObjectId SequenceNumber ServerPrincipalId
      SessionId TargetDatabasePrincipalId TargetServerPrincipalId UserDefinedEventId
    long: AffectedRows DurationMs ResponseRows TransactionId`,
  StorageFileLogs: `string: AccountName AuthenticationHash AuthenticationType CallerIpAddress Category ClientRequestId ConditionsUsed
      CorrelationId Etag Location MetricResponseType ObjectKey OperationName OperationVersion Protocol
      ReferrerHeader RequesterAppId RequesterAudience RequesterObjectId RequesterTenantId RequesterTokenIssuer
      RequesterUpn RequesterUserName RequestMd5 ResponseMd5 SasExpiryStatus SchemaVersion ServiceType
      SmbCommandDetail SmbCommandMinor SmbFileId SmbMessageID SmbPersistentHandleID SmbPrimarySID SmbSessionID
      SmbStatusCode SmbTreeConnectID SmbVolatileHandleID StatusCode StatusText TlsVersion Uri UserAgentHeader
    datetime: LastModifiedTime
    dynamic: AuthorizationDetails
    int: OperationCount SmbCommandMajor SmbCreditsConsumed
    long: ContentLengthHeader RequestBodySize RequestHeaderSize ResponseBodySize ResponseHeaderSize
    real: DurationMs ServerLatencyMs`,
  StorageQueueLogs: `string: AccountName AuthenticationHash AuthenticationType CallerIpAddress Category ClientRequestId ConditionsUsed
      CorrelationId Etag Location MetricResponseType ObjectKey OperationName OperationVersion Protocol
      ReferrerHeader RequesterAppId RequesterAudience RequesterObjectId RequesterTenantId RequesterTokenIssuer
      RequesterUpn RequestMd5 ResponseMd5 SasExpiryStatus SchemaVersion ServiceType StatusCode StatusText
      TlsVersion Uri UserAgentHeader
    datetime: LastModifiedTime
    dynamic: AuthorizationDetails
    int: OperationCount
    long: ContentLengthHeader RequestBodySize RequestHeaderSize ResponseBodySize ResponseHeaderSize
    real: DurationMs ServerLatencyMs`,
  StorageTableLogs: `string: AccountName AuthenticationHash AuthenticationType CallerIpAddress Category ClientRequestId ConditionsUsed
      CorrelationId Etag Location MetricResponseType ObjectKey OperationName OperationVersion Protocol
      ReferrerHeader RequesterAppId RequesterAudience RequesterObjectId RequesterTenantId RequesterTokenIssuer
      RequesterUpn RequestMd5 ResponseMd5 SasExpiryStatus SchemaVersion ServiceType StatusCode StatusText
      TlsVersion Uri UserAgentHeader
    datetime: LastModifiedTime
    dynamic: AuthorizationDetails
    int: OperationCount
    long: ContentLengthHeader RequestBodySize RequestHeaderSize ResponseBodySize ResponseHeaderSize
    real: DurationMs ServerLatencyMs`,
  StorageMalwareScanningResults: `string: AggregatedScanId BlobEtag BlobUri CorrelationId OperationName ScannedObjectEtag ScannedObjectUri
      ScanResultType StorageAccountLocation StorageAccountName
    datetime: ScanFinishedTimeUtc
    dynamic: ScanResultDetails`,
};
