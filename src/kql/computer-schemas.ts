// Columns of the tables of computers beside those in table-schemas.ts, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2026-07-27). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const computerTables: Record<string, string> = {
  Perf: `string: Computer CounterName CounterPath InstanceName ObjectName
    datetime: BucketEndTime BucketStartTime
    int: SampleCount
    real: CounterValue Max Min StandardDeviation`,
  WindowsFirewall: `string: CommunicationDirection Computer Confidence Description DestinationIP FirewallAction FirstReportedDateTime
      FullDestinationAddress IndicatorThreatType Info IsActive LastReportedDateTime MaliciousIP MaliciousIPCountry
      ManagementGroupName Protocol RemoteIP SourceIP TLPLevel
    int: DestinationPort Severity SourcePort
    long: RequestSizeInBytes
    real: MaliciousIPLatitude MaliciousIPLongitude`,
  ConfigurationChange: `string: Acls Attributes ChangeCategory Computer ConfigChangeType Current FieldsChanged FileContentChecksum
      FileSystemPath Hive Location ManagementGroupName Name Previous PreviousAcls PreviousAttributes
      PreviousFileContentChecksum PreviousValueData PreviousValueType Publisher RegistryKey SoftwareDescription
      SoftwareName SoftwareType SourceComputerId SvcAccount SvcChangeType SvcController SvcDisplayName SvcName
      SvcPath SvcPreviousAccount SvcPreviousController SvcPreviousPath SvcPreviousRunlevels SvcPreviousStartupType
      SvcPreviousState SvcRunlevels SvcStartupType SvcState ValueData ValueName ValueType VMUUID
    datetime: DateCreated DateModified PreviousDateCreated PreviousDateModified
    long: LastSnapshotAge PreviousSize Size`,
  ConfigurationData: `string: Acls Architecture Attributes Computer ConfigDataType CurrentVersion FileContentChecksum FileSystemPath
      Hive Location ManagementGroupName Name Publisher RegistryKey SoftwareDescription SoftwareName SoftwareType
      SourceComputerId SvcAccount SvcController SvcDescription SvcDisplayName SvcName SvcPath SvcRunlevels
      SvcStartupType SvcState ValueData ValueName ValueType VMUUID
    datetime: DateCreated DateModified
    long: Size`,
  MDCFileIntegrityMonitoringEvents: `string: AADTenantID AzureResourceId ChangeType CloudIdentifier CloudProvider CloudResourceType Computer FileMd5
      FileName FilePath FileSha1 FileSha256 FileType InitiatingProcessAccountDomainName
      InitiatingProcessAccountName InitiatingProcessAccountSid InitiatingProcessImageFileName
      InitiatingProcessImageFilePath InitiatingProcessImageFileType InitiatingProcessName InitiatingProcessSource
      InitProcImageLsHash InitProcImageMd5 InitProcImageSha1 InitProcImageSha256 InitProcVersionInfoCompanyName
      InitProcVersionInfoFileDescription InitProcVersionInfoInternalFileName InitProcVersionInfoOriginalFileName
      InitProcVersionInfoProductName InitProcVersionInfoProductVersion MonitoredEntityType NewValueData
      NewValueName NewValueType OldValueData OldValueFullRegistryKey OldValueName OldValueType OriginalFileName
      OriginalFilePath RegistryHive RegistryKey RequestAccountDomain RequestAccountName RequestAccountSid
      RequestSource RequestSourceIP RequestSourcePort
    datetime: InitiatingProcessCreationTime InitiatingProcessFirstSeen InitProcImageCreationTimeUtc
      InitProcImageLastAccessTimeUtc InitProcImageLastWriteTimeUtc InitProcImagePeTimestampUtc
    long: FileSize InitiatingProcessId InitiatingProcessSessionId InitProcImageFileSizeInBytes`,
  VMComputer: `string: AgentId AzureCloudServiceDeployment AzureCloudServiceInstanceId AzureCloudServiceName
      AzureCloudServiceRoleName AzureCloudServiceRoleType AzureFaultDomain AzureImageOffering AzureImagePublisher
      AzureImageSku AzureImageVersion AzureLocation AzureResourceGroup AzureResourceName
      AzureServiceFabricClusterId AzureServiceFabricClusterName AzureSize AzureSubscriptionId AzureUpdateDomain
      AzureVmId AzureVmScaleSetDeployment AzureVmScaleSetInstanceId AzureVmScaleSetName AzureVmScaleSetResourceId
      Computer DependencyAgentVersion DisplayName FullDisplayName HostingProvider HostName HypervisorId
      HypervisorType Machine OperatingSystemFamily OperatingSystemFullName TimeZone VirtualizationState
      VirtualMachineHypervisorId VirtualMachineNativeId VirtualMachineNativeName VirtualMachineType
    datetime: BootTime
    dynamic: DnsNames Ipv4Addresses Ipv4DefaultGateways Ipv4SubnetMasks Ipv6Addresses MacAddresses
    int: Cpus CpuSpeed
    long: PhysicalMemoryMB`,
  VMProcess: `string: AgentId CommandLine CompanyName Computer Description DisplayName ExecutableName ExecutablePath FileVersion
      Group InternalName Machine Process ProductName ProductVersion Role UserDomain UserName WorkingDirectory
    datetime: StartTime
    dynamic: Services
    int: FirstPid`,
  WireData: `string: ApplicationProtocol ApplicationServiceName Computer Confidence Description Direction FirstReportedDateTime
      IndicatorThreatType IPVersion IsActive LastReportedDateTime LatencySamplingFailureRate LocalIP LocalMAC
      LocalSubnet MaliciousIP ManagementGroupName ProcessName ProtocolName RemoteIP RemoteIPCountry RemoteMAC
      SessionID SessionState TLPLevel
    datetime: LatencySamplingTimeStamp SessionEndTime SessionStartTime
    int: LatencyMilliseconds LocalPortNumber ProcessID RemotePortNumber Severity
    long: ReceivedBytes ReceivedPackets SentBytes SentPackets SequenceNumber TotalBytes
    real: RemoteIPLatitude RemoteIPLongitude`,
  DnsEvents: `string: ClientIP Computer Confidence Description IndicatorThreatType IPAddresses MaliciousIP Message Name
      QueryType RemoteIPCountry Result SubType TaskCategory
    int: EventId ResultCode Severity
    real: RemoteIPLatitude RemoteIPLongitude`,
  DnsAuditEvents: `string: Action ActiveKey Base64Data ChildZone ClientSubnetList ClientSubnetRecord Condition Criteria
      CryptoAlgorithm CurrentRolloverStatus CurrentState DenialOfExistence Digest DigestType DistributeTrustAnchor
      DnsQuery DSRecordGenerationAlgorithm EnableRfc5011KeyRollover EventGuid EventId EventString EventType
      FilePath Forwarders IsEnabled IsKeyMasterServer KeyId KeyMasterServer KeyOrZone KeyProtocol
      KeyStorageProvider KeyType KskOrZsk ListenAddresses LookupValue MasterServer Name NameServer
      NewPropertyValues NewValue NextKey NextRolloverAction NodeName NSec3OptOut NSec3UserSalt OldPropertyValues
      ParentHasSecureDelegation Policy PropertyKey RDATA RecursionScope ReplicationScope RolloverType
      ScavengeServers Scope Scopes SeizedOrTransferred ServerName Setting Source StandbyKey StoreKeysInAD
      SubTreeAging VirtualizationID WithNewKeys WithWithout Zone ZoneFile ZoneName ZoneScope
    datetime: LastRolloverTime NextRolloverTime
    dynamic: AdditionalData
    int: BufferSize DnsKeyRecordSetTtl DnsKeySignatureValidityPeriod DnsQueryType DSRecordSetTtl
      DSSignatureValidityPeriod InitialRolloverOffset KeyLength KeyTag NSec3HashAlgorithm NSec3Iterations
      NSec3RandomSaltLength ProcessingOrder PropagationTime RolloverPeriod SecureDelegationPollingPeriod
      SignatureInceptionOffset TTL ZoneSignatureValidityPeriod`,
  W3CIISLog: `string: AzureDeploymentID cIP Computer Confidence csCookie csHost csMethod csReferer csUriQuery csUriStem
      csUserAgent csUserName csVersion Description FirstReportedDateTime IndicatorThreatType IsActive
      LastReportedDateTime MaliciousIP ManagementGroupName RemoteIPCountry Role RoleInstance scStatus scSubStatus
      scWin32Status sIP sSiteName StorageAccount TLPLevel
    int: Severity sPort
    long: csBytes scBytes TimeTaken
    real: RemoteIPLatitude RemoteIPLongitude`,
  WVDConnections: `string: AadTenantId ClientOS ClientSideIPAddress ClientType ClientVersion ConnectionType CorrelationId
      GatewayRegion IsClientPrivateLink IsSessionHostPrivateLink PredecessorConnectionId ResourceAlias
      SessionHostAgentVersion SessionHostAzureVmId SessionHostIPAddress SessionHostJoinType SessionHostName
      SessionHostOSDescription SessionHostOSVersion SessionHostPoolType SessionHostSessionId
      SessionHostSxSStackVersion State TransportType UserName`,
  IntuneAuditLogs: `string: Category CorrelationId Identity OperationName Properties ResultDescription ResultType`,
  IntuneDevices: `string: AADTenantId AndroidPatchLevel BatchId CategoryName CompliantState CreatedDate DeviceId DeviceName
      DeviceRegistrationState DeviceState EasID EncryptionStatusString IMEI InGracePeriodUntil IntuneAccountId
      JailBroken JoinType LastContact ManagedBy ManagedDeviceName Manufacturer MEID Model OperationName OS
      OSVersion Ownership PhoneNumber PrimaryUser ReferenceId Result SerialNumber SkuFamily
      SubscriberCarrierNetwork SupervisedStatusString UPN UserEmail UserName WifiMacAddress
    bool: GraphDeviceIsManaged
    dynamic: Stats
    long: StorageFree StorageTotal`,
  IntuneOperationalLogs: `string: Category OperationName Properties Result`,
};
