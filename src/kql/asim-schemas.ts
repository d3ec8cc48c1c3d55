// Columns of the tables of Sentinel's information model (ASIM), after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2026-07-27). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const asimTables: Record<string, string> = {
  ASimAuditEventLogs: `string: ActingAppId ActingAppName ActingAppType ActingOriginalAppType ActorOriginalUserType ActorScope
      ActorScopeId ActorSessionId ActorUserAadId ActorUserId ActorUserIdType ActorUsername ActorUsernameType
      ActorUserSid ActorUserType DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN DvcHostname DvcId
      DvcIdType DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope DvcScopeId DvcZone
      EventMessage EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType EventOriginalType
      EventOriginalUid EventOwner EventProduct EventProductVersion EventReportUrl EventResult EventResultDetails
      EventSchemaVersion EventSeverity EventSubType EventType EventVendor HttpUserAgent NewValue Object ObjectId
      ObjectType OldValue Operation OriginalObjectType RuleName SrcDescription SrcDeviceType SrcDomain
      SrcDomainType SrcDvcId SrcDvcIdType SrcDvcScope SrcDvcScopeId SrcFQDN SrcGeoCity SrcGeoCountry SrcGeoRegion
      SrcHostname SrcIpAddr SrcOriginalRiskLevel TargetAppId TargetAppName TargetAppType TargetDescription
      TargetDeviceType TargetDomain TargetDomainType TargetDvcId TargetDvcIdType TargetDvcOs TargetDvcScope
      TargetDvcScopeId TargetFQDN TargetGeoCity TargetGeoCountry TargetGeoRegion TargetHostname TargetIpAddr
      TargetOriginalAppType TargetOriginalRiskLevel TargetUrl ThreatCategory ThreatField ThreatId ThreatIpAddr
      ThreatName ThreatOriginalConfidence ThreatOriginalRiskLevel ValueType
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: EventCount RuleNumber SrcPortNumber SrcRiskLevel TargetPortNumber TargetRiskLevel ThreatConfidence
      ThreatRiskLevel
    real: SrcGeoLatitude SrcGeoLongitude TargetGeoLatitude TargetGeoLongitude`,
  ASimAuthenticationEventLogs: `string: ActingAppId ActingAppName ActingAppType ActingOriginalAppType ActorOriginalUserType ActorScope
      ActorScopeId ActorSessionId ActorUserId ActorUserIdType ActorUsername ActorUsernameType ActorUserType
      DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN DvcHostname DvcId DvcIdType DvcInterface DvcIpAddr
      DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope DvcScopeId DvcZone EventMessage
      EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType EventOriginalType EventOriginalUid
      EventOwner EventProduct EventProductVersion EventReportUrl EventResult EventResultDetails EventSchemaVersion
      EventSeverity EventSubType EventType EventVendor HttpUserAgent LogonMethod LogonProtocol RuleName
      SrcDescription SrcDeviceType SrcDomain SrcDomainType SrcDvcId SrcDvcIdType SrcDvcOs SrcDvcScope
      SrcDvcScopeId SrcFQDN SrcGeoCity SrcGeoCountry SrcGeoRegion SrcHostname SrcIpAddr SrcIsp
      SrcOriginalRiskLevel TargetAppId TargetAppName TargetAppType TargetDescription TargetDeviceType TargetDomain
      TargetDomainType TargetDvcId TargetDvcIdType TargetDvcOs TargetDvcScope TargetDvcScopeId TargetFQDN
      TargetGeoCity TargetGeoCountry TargetGeoRegion TargetHostname TargetIpAddr TargetOriginalAppType
      TargetOriginalRiskLevel TargetOriginalUserType TargetSessionId TargetUrl TargetUserId TargetUserIdType
      TargetUsername TargetUsernameType TargetUserScope TargetUserScopeId TargetUserType ThreatCategory
      ThreatField ThreatId ThreatIpAddr ThreatName ThreatOriginalConfidence ThreatOriginalRiskLevel
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: EventCount RuleNumber SrcPortNumber SrcRiskLevel TargetPortNumber TargetRiskLevel ThreatConfidence
      ThreatRiskLevel
    real: SrcGeoLatitude SrcGeoLongitude TargetGeoLatitude TargetGeoLongitude`,
  ASimDhcpEventLogs: `string: DhcpCircuitId DhcpSessionId DhcpSrcDHCId DhcpSubscriberId DhcpUserClass DhcpUserClassId DhcpVendorClass
      DhcpVendorClassId DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN DvcHostname DvcId DvcIdType
      DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope DvcScopeId DvcZone
      EventMessage EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType EventOriginalType
      EventOriginalUid EventOwner EventProduct EventProductVersion EventReportUrl EventResult EventResultDetails
      EventSchema EventSchemaVersion EventSeverity EventSubType EventType EventVendor RequestedIpAddr RuleName
      SrcDescription SrcDeviceType SrcDomain SrcDomainType SrcDvcId SrcDvcIdType SrcDvcScope SrcDvcScopeId SrcFQDN
      SrcGeoCity SrcGeoCountry SrcGeoRegion SrcHostname SrcIpAddr SrcMacAddr SrcOriginalRiskLevel
      SrcOriginalUserType SrcUserId SrcUserIdType SrcUsername SrcUsernameType SrcUserScope SrcUserScopeId
      SrcUserSessionId SrcUserType SrcUserUid ThreatCategory ThreatField ThreatId ThreatName
      ThreatOriginalConfidence ThreatOriginalRiskLevel
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: DhcpLeaseDuration DhcpSessionDuration EventCount RuleNumber SrcPortNumber SrcRiskLevel ThreatConfidence
      ThreatRiskLevel
    real: SrcGeoLatitude SrcGeoLongitude`,
  ASimDnsActivityLogs: `string: DnsFlags DnsQuery DnsQueryClassName DnsQueryTypeName DnsResponseIpCity DnsResponseIpCountry
      DnsResponseIpRegion DnsResponseName DnsSessionId Dst DstDescription DstDeviceType DstDomain DstDomainType
      DstDvcId DstDvcIdType DstDvcScope DstDvcScopeId DstFQDN DstGeoCity DstGeoCountry DstGeoRegion DstHostname
      DstIpAddr DstOriginalRiskLevel Dvc DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN DvcHostname
      DvcId DvcIdType DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope DvcScopeId
      DvcZone EventMessage EventOriginalSeverity EventOriginalType EventOriginalUid EventOwner EventProduct
      EventProductVersion EventReportUrl EventResult EventResultDetails EventSchemaVersion EventSeverity
      EventSubType EventType EventVendor NetworkProtocol NetworkProtocolVersion RuleName Src SrcDescription
      SrcDeviceType SrcDomain SrcDomainType SrcDvcId SrcDvcIdType SrcDvcScope SrcDvcScopeId SrcFQDN SrcGeoCity
      SrcGeoCountry SrcGeoRegion SrcHostname SrcIpAddr SrcOriginalRiskLevel SrcOriginalUserType SrcProcessGuid
      SrcProcessId SrcProcessName SrcUserId SrcUserIdType SrcUsername SrcUsernameType SrcUserScope SrcUserScopeId
      SrcUserSessionId SrcUserType ThreatCategory ThreatField ThreatFirstReportedTime ThreatId ThreatIpAddr
      ThreatLastReportedTime ThreatName ThreatOriginalConfidence ThreatOriginalRiskLevel_s TransactionIdHex
      UrlCategory
    bool: DnsFlagsAuthenticated DnsFlagsAuthoritative DnsFlagsCheckingDisabled DnsFlagsRecursionAvailable
      DnsFlagsRecursionDesired DnsFlagsTruncated DnsFlagsZ ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime_d ThreatLastReportedTime_d
    dynamic: AdditionalFields
    int: DnsNetworkDuration DnsQueryClass DnsQueryType DnsResponseCode DstPortNumber DstRiskLevel EventCount
      RuleNumber SrcPortNumber SrcRiskLevel ThreatConfidence ThreatOriginalRiskLevel ThreatRiskLevel
    real: DnsResponseIpLatitude DnsResponseIpLongitude DstGeoLatitude DstGeoLongitude SrcGeoLatitude
      SrcGeoLongitude`,
  ASimFileEventLogs: `string: ActingProcessCommandLine ActingProcessGuid ActingProcessId ActingProcessName ActorOriginalUserType
      ActorScope ActorScopeId ActorSessionId ActorUserAadId ActorUserId ActorUserIdType ActorUsername
      ActorUsernameType ActorUserSid ActorUserType DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN
      DvcHostname DvcId DvcIdType DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope
      DvcScopeId DvcZone EventMessage EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType
      EventOriginalType EventOriginalUid EventOwner EventProduct EventProductVersion EventReportUrl EventResult
      EventResultDetails EventSchema EventSchemaVersion EventSeverity EventSubType EventType EventVendor HashType
      HttpUserAgent NetworkApplicationProtocol RuleName SrcDescription SrcDeviceType SrcDomain SrcDomainType
      SrcDvcId SrcDvcIdType SrcDvcScope SrcDvcScopeId SrcFileDirectory SrcFileExtension SrcFileMD5 SrcFileMimeType
      SrcFileName SrcFilePath SrcFilePathType SrcFileSHA1 SrcFileSHA256 SrcFileSHA512 SrcFQDN SrcGeoCity
      SrcGeoCountry SrcGeoRegion SrcHostname SrcIpAddr SrcMacAddr SrcOriginalRiskLevel TargetAppId TargetAppName
      TargetAppType TargetFileDirectory TargetFileExtension TargetFileMD5 TargetFileMimeType TargetFileName
      TargetFilePath TargetFilePathType TargetFileSHA1 TargetFileSHA256 TargetFileSHA512 TargetOriginalAppType
      TargetUrl ThreatCategory ThreatField ThreatFilePath ThreatId ThreatName ThreatOriginalConfidence
      ThreatOriginalRiskLevel
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime SrcFileCreationTime TargetFileCreationTime ThreatFirstReportedTime
      ThreatLastReportedTime
    dynamic: AdditionalFields
    int: EventCount RuleNumber SrcPortNumber SrcRiskLevel ThreatConfidence ThreatRiskLevel
    long: SrcFileSize TargetFileSize
    real: SrcGeoLatitude SrcGeoLongitude`,
  ASimNetworkSessionLogs: `string: DstAppId DstAppName DstAppType DstDescription DstDeviceType DstDomain DstDomainType DstDvcId DstDvcIdType
      DstFQDN DstGeoCity DstGeoCountry DstGeoRegion DstHostname DstInterfaceGuid DstInterfaceName DstIpAddr
      DstMacAddr DstNatIpAddr DstOriginalUserType DstSubscriptionId DstUserId DstUserIdType DstUsername
      DstUsernameType DstUserType DstVlanId DstZone Dvc DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN
      DvcHostname DvcId DvcIdType DvcInboundInterface DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs
      DvcOsVersion DvcOutboundInterface DvcSubscriptionId DvcZone EventMessage EventOriginalResultDetails
      EventOriginalSeverity EventOriginalSubType EventOriginalType EventOriginalUid EventProduct
      EventProductVersion EventReportUrl EventResult EventResultDetails EventSchemaVersion EventSeverity
      EventSubType EventType EventVendor NetworkApplicationProtocol NetworkConnectionHistory NetworkDirection
      NetworkIcmpType NetworkProtocol NetworkProtocolVersion NetworkRuleName NetworkSessionId SrcAppId SrcAppName
      SrcAppType SrcDescription SrcDeviceType SrcDomain SrcDomainType SrcDvcId SrcDvcIdType SrcFQDN SrcGeoCity
      SrcGeoCountry SrcGeoRegion SrcHostname SrcInterfaceGuid SrcInterfaceName SrcIpAddr SrcMacAddr SrcNatIpAddr
      SrcOriginalUserType SrcSubscriptionId SrcUserId SrcUserIdType SrcUsername SrcUsernameType SrcUserType
      SrcVlanId SrcZone ThreatCategory ThreatField ThreatId ThreatIpAddr ThreatName ThreatOriginalConfidence
      ThreatOriginalRiskLevel
    bool: TcpFlagsAck TcpFlagsFin TcpFlagsPsh TcpFlagsRst TcpFlagsSyn TcpFlagsUrg ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: DstNatPortNumber DstPortNumber EventCount NetworkDuration NetworkIcmpCode NetworkRuleNumber
      SrcNatPortNumber SrcPortNumber ThreatConfidence ThreatRiskLevel
    long: DstBytes DstPackets NetworkBytes NetworkPackets SrcBytes SrcPackets
    real: DstGeoLatitude DstGeoLongitude SrcGeoLatitude SrcGeoLongitude`,
  ASimProcessEventLogs: `string: ActingProcessCommandLine ActingProcessFileCompany ActingProcessFileDescription
      ActingProcessFileInternalName ActingProcessFilename ActingProcessFileOriginalName ActingProcessFileProduct
      ActingProcessFileVersion ActingProcessGuid ActingProcessId ActingProcessIMPHASH ActingProcessInjectedAddress
      ActingProcessIntegrityLevel ActingProcessMD5 ActingProcessName ActingProcessSHA1 ActingProcessSHA256
      ActingProcessSHA512 ActingProcessTokenElevation ActorOriginalUserType ActorScope ActorScopeId ActorSessionId
      ActorUserId ActorUserIdType ActorUsername ActorUsernameType ActorUserType DvcAction DvcDescription DvcDomain
      DvcDomainType DvcFQDN DvcHostname DvcId DvcIdType DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs
      DvcOsVersion DvcScope DvcScopeId DvcZone EventMessage EventOriginalResultDetails EventOriginalSeverity
      EventOriginalSubType EventOriginalType EventOriginalUid EventOwner EventProduct EventProductVersion
      EventReportUrl EventResult EventResultDetails EventSchemaVersion EventSeverity EventSubType EventType
      EventVendor ParentProcessFileCompany ParentProcessFileDescription ParentProcessFileProduct
      ParentProcessFileVersion ParentProcessGuid ParentProcessId ParentProcessIMPHASH ParentProcessInjectedAddress
      ParentProcessIntegrityLevel ParentProcessMD5 ParentProcessName ParentProcessSHA1 ParentProcessSHA256
      ParentProcessSHA512 ParentProcessTokenElevation RuleName TargetOriginalUserType TargetProcessCommandLine
      TargetProcessCurrentDirectory TargetProcessFileCompany TargetProcessFileDescription
      TargetProcessFileInternalName TargetProcessFilename TargetProcessFileOriginalName TargetProcessFileProduct
      TargetProcessFileVersion TargetProcessGuid TargetProcessId TargetProcessIMPHASH TargetProcessInjectedAddress
      TargetProcessIntegrityLevel TargetProcessMD5 TargetProcessName TargetProcessSHA1 TargetProcessSHA256
      TargetProcessSHA512 TargetProcessStatusCode TargetProcessTokenElevation TargetScope TargetScopeId
      TargetUserId TargetUserIdType TargetUsername TargetUsernameType TargetUserSessionGuid TargetUserSessionId
      TargetUserType ThreatCategory ThreatField ThreatId ThreatName ThreatOriginalConfidence
      ThreatOriginalRiskLevel
    bool: ActingProcessIsHidden ParentProcessIsHidden TargetProcessIsHidden ThreatIsActive
    datetime: ActingProcessCreationTime EventEndTime EventStartTime ParentProcessCreationTime
      TargetProcessCreationTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: EventCount RuleNumber ThreatConfidence ThreatRiskLevel
    long: ActingProcessFileSize TargetProcessFileSize`,
  ASimRegistryEventLogs: `string: ActingProcessCommandLine ActingProcessGuid ActingProcessId ActingProcessName ActorOriginalUserType
      ActorScope ActorScopeId ActorSessionId ActorUserAadId ActorUserId ActorUserIdType ActorUsername
      ActorUsernameType ActorUserSid ActorUserType DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN
      DvcHostname DvcId DvcIdType DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope
      DvcScopeId DvcZone EventMessage EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType
      EventOriginalType EventOriginalUid EventOwner EventProduct EventProductVersion EventReportUrl EventResult
      EventResultDetails EventSchema EventSchemaVersion EventSeverity EventSubType EventType EventVendor
      ParentProcessCommandLine ParentProcessGuid ParentProcessId ParentProcessName RegistryKey RegistryPreviousKey
      RegistryPreviousValue RegistryPreviousValueData RegistryPreviousValueType RegistryValue RegistryValueData
      RegistryValueType RuleName ThreatCategory ThreatField ThreatId ThreatName ThreatOriginalConfidence
      ThreatOriginalRiskLevel
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: EventCount RuleNumber ThreatConfidence ThreatRiskLevel`,
  ASimUserManagementActivityLogs: `string: ActingAppId ActingAppName ActingAppType ActingOriginalAppType ActorOriginalUserType ActorScope
      ActorScopeId ActorSessionId ActorUserAadId ActorUserId ActorUserIdType ActorUsername ActorUsernameType
      ActorUserSid ActorUserType DvcAction DvcDescription DvcDomain DvcDomainType DvcFQDN DvcHostname DvcId
      DvcIdType DvcInterface DvcIpAddr DvcMacAddr DvcOriginalAction DvcOs DvcOsVersion DvcScope DvcScopeId DvcZone
      EventMessage EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType EventOriginalType
      EventOriginalUid EventOwner EventProduct EventProductVersion EventReportUrl EventResult EventResultDetails
      EventSchema EventSchemaVersion EventSeverity EventSubType EventType EventVendor GroupId GroupIdType
      GroupName GroupNameType GroupOriginalType GroupType HttpUserAgent NewPropertyValue PreviousPropertyValue
      RuleName SrcDescription SrcDeviceType SrcDomain SrcDomainType SrcDvcId SrcDvcIdType SrcDvcScope
      SrcDvcScopeId SrcFQDN SrcGeoCity SrcGeoCountry SrcGeoRegion SrcHostname SrcIpAddr SrcMacAddr
      SrcOriginalRiskLevel TargetOriginalUserType TargetUserId TargetUserIdType TargetUsername TargetUsernameType
      TargetUserScope TargetUserScopeId TargetUserSessionId TargetUserType TargetUserUid ThreatCategory
      ThreatField ThreatId ThreatName ThreatOriginalConfidence ThreatOriginalRiskLevel
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: EventCount RuleNumber SrcPortNumber SrcRiskLevel ThreatConfidence ThreatRiskLevel
    real: SrcGeoLatitude SrcGeoLongitude`,
  ASimWebSessionLogs: `string: DstAppId DstAppName DstAppType DstDeviceType DstDomain DstDomainType DstDvcId DstDvcIdType DstDvcScope
      DstDvcScopeId DstFQDN DstGeoCity DstGeoCountry DstGeoRegion DstHostname DstIpAddr DstMacAddr DstNatIpAddr
      DstOriginalUserType DstUserId DstUserIdType DstUsername DstUsernameType DstUserType Dvc DvcAction DvcDomain
      DvcDomainType DvcFQDN DvcHostname DvcId DvcIdType DvcIpAddr DvcOriginalAction EventMessage
      EventOriginalResultDetails EventOriginalSeverity EventOriginalSubType EventOriginalType EventOriginalUid
      EventOwner EventProduct EventProductVersion EventReportUrl EventResult EventResultDetails EventSchemaVersion
      EventSeverity EventSubType EventType EventVendor FileContentType FileMD5 FileName FileSHA1 FileSHA256
      FileSHA512 HttpContentFormat HttpContentType HttpHost HttpReferrer HttpRequestMethod HttpRequestXff
      HttpUserAgent HttpVersion NetworkApplicationProtocol NetworkConnectionHistory NetworkDirection
      NetworkIcmpType NetworkProtocol NetworkProtocolVersion NetworkSessionId Rule RuleName SrcAppId SrcAppName
      SrcAppType SrcDeviceType SrcDomain SrcDomainType SrcDvcId SrcDvcIdType SrcDvcScope SrcDvcScopeId SrcFQDN
      SrcGeoCity SrcGeoCountry SrcGeoRegion SrcHostname SrcIpAddr SrcMacAddr SrcNatIpAddr SrcOriginalUserType
      SrcProcessGuid SrcProcessId SrcProcessName SrcUserId SrcUserIdType SrcUsername SrcUsernameType SrcUserScope
      SrcUserScopeId SrcUserType ThreatCategory ThreatField ThreatId ThreatIpAddr ThreatName
      ThreatOriginalConfidence ThreatOriginalRiskLevel Url UrlCategory UrlOriginal
    bool: ThreatIsActive
    datetime: EventEndTime EventStartTime ThreatFirstReportedTime ThreatLastReportedTime
    dynamic: AdditionalFields
    int: DstNatPortNumber DstPortNumber EventCount FileSize HttpRequestTime HttpResponseTime NetworkDuration
      NetworkIcmpCode RuleNumber SrcNatPortNumber SrcPortNumber ThreatConfidence ThreatRiskLevel
    long: DstBytes DstPackets NetworkBytes NetworkPackets SrcBytes SrcPackets
    real: DstGeoLatitude DstGeoLongitude SrcGeoLatitude SrcGeoLongitude`,
};
