// Columns of the tables of Sentinel and of the workspace itself, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2026-07-27). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const sentinelTables: Record<string, string> = {
  SecurityIncident: `string: Classification ClassificationComment ClassificationReason Description IncidentName IncidentUrl ModifiedBy
      ProviderIncidentId ProviderName Severity Status Title
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
  ThreatIntelIndicators: `string: AzureTenantId Id LastUpdateMethod ObservableKey ObservableValue Pattern Tags WorkspaceId
    bool: IsActive IsDeleted Revoked
    datetime: Created Modified ValidFrom ValidUntil
    dynamic: AdditionalFields Data
    int: Confidence`,
  ThreatIntelObjects: `string: AzureTenantId Id LastUpdateMethod StixType WorkspaceId
    bool: IsDeleted
    dynamic: AdditionalFields Data`,
  BehaviorAnalytics: `string: ActionType ActivityType ActorName ActorPrincipalName DestinationDevice DestinationIPAddress
      DestinationIPLocation Device EventProductVersion EventSource EventVendor NativeTableName SourceDevice
      SourceIPAddress SourceIPLocation SourceRecordId TargetName TargetPrincipalName UserName UserPrincipalName
    datetime: TimeProcessed
    dynamic: ActivityInsights DevicesInsights UsersInsights
    int: InvestigationPriority`,
  UserAccessAnalytics: `string: AADTenantId AccessEndReason AccessId AccessLevel AccessType SourceEntityId SourceEntityName
      SourceEntityType TargetEntityId TargetEntityName TargetEntityType
    datetime: AccessEndTime AccessStartTime`,
  UserPeerAnalytics: `string: AADTenantId PeerUserId PeerUserName PeerUserPrincipalName UserId UserName UserPrincipalName
    int: Rank`,
  Anomalies: `string: AnomalyTemplateId AnomalyTemplateName AnomalyTemplateVersion Description DestinationDevice
      DestinationIpAddress Id RuleConfigVersion RuleId RuleName RuleStatus SourceDevice SourceIpAddress Tactics
      Techniques UserName UserPrincipalName VendorName WorkspaceId
    datetime: EndTime StartTime
    dynamic: ActivityInsights AnomalyDetails AnomalyReasons DestinationLocation DeviceInsights Entities
      ExtendedLinks ExtendedProperties SourceLocation UserInsights
    real: Score`,
  HuntingBookmark: `string: BookmarkId BookmarkName BookmarkType CreatedBy Entities Notes QueryResultRow QueryText Tags UpdatedBy
    bool: SoftDeleted
    datetime: CreatedTime EventTime LastUpdatedTime QueryEndTime QueryStartTime`,
  Watchlist: `string: _DTItemId _DTItemStatus _DTItemType AzureTenantId CorrelationId DefaultDuration Notes Provider SearchKey
      Source Tags WatchlistAlias WatchlistCategory WatchlistId WatchlistItemId WatchlistName
    datetime: _DTTimestamp CreatedTimeUTC LastUpdatedTimeUTC TimeToLive
    dynamic: CreatedBy EntityMapping UpdatedBy WatchlistItem`,
  SentinelHealth: `string: Description OperationName Reason RecordId SentinelResourceId SentinelResourceKind SentinelResourceName
      SentinelResourceType Status WorkspaceId
    dynamic: ExtendedProperties`,
  SentinelAudit: `string: CorrelationId Description OperationName SentinelResourceId SentinelResourceKind SentinelResourceName
      SentinelResourceType Status WorkspaceId
    dynamic: ExtendedProperties`,
  LAQueryLogs: `string: AADClientId AADEmail AADObjectId AADTenantId ConditionalDataAccess CorrelationId QueryText QueryThumbprint
      RecordKind RequestClientApp RequestTarget WorkspaceRegion
    bool: IsBillableQuery IsWorkspaceInFailover
    datetime: QueryTimeRangeEnd QueryTimeRangeStart StatsDataProcessedEnd StatsDataProcessedStart
    dynamic: RequestContext RequestContextFilters
    int: ResponseCode ResponseRowCount StatsRegionCount StatsWorkspaceCount
    real: ResponseDurationMs ScannedGB StatsCPUTimeMs`,
  Usage: `string: Computer DataType LinkedMeterId LinkedResourceUri MeterId Plan QuantityUnit ResourceUri Solution
    bool: IsBillable
    datetime: EndTime StartTime
    long: BatchesCapped BatchesOutsideSla BatchesWithinSla TotalBatches
    real: AvgLatencyInSeconds Quantity`,
  Operation: `string: Computer CorrelationId Detail ErrorId HelpLink ManagementGroupName OperationCategory OperationKey
      OperationStatus Solution SourceComputerId`,
  SecurityRecommendation: `string: AssessedResourceId Description DeviceId Environment PolicyDefinitionId ProviderName
      RecommendationDisplayName RecommendationId RecommendationName RecommendationSeverity RecommendationState
      ResourceRegion
    bool: IsSnapshot
    datetime: DiscoveredTimeUTC FirstEvaluationDate ResolvedTimeUTC StatusChangeDate
    dynamic: Properties RecommendationAdditionalData`,
  SecurityBaseline: `string: ActualResult AnalyzeOperation AnalyzeResult AssessmentId AzId BaselineRuleType BaselineType CceId Computer
      ComputerEnvironment Description ExpectedResult ManagementGroupName OSName Resource ResourceGroup ResourceId
      ResourceProvider ResourceType RuleSetting RuleSeverity SitePath SourceComputerId SubscriptionId`,
  ProtectionStatus: `string: AMProductVersion Computer ComputerEnvironment ComputerIP_Hidden DetectionId DeviceName ManagementGroupName
      OSName ProtectionStatus ProtectionStatusDetails Resource ResourceGroup ResourceId ResourceProvider
      ResourceType SignatureVersion SourceComputerId SubscriptionId Threat ThreatStatus ThreatStatusDetails
      TypeofProtection VMUUID
    datetime: ScanDate
    int: ProtectionStatusRank ThreatStatusRank`,
};
