// Columns of the tables of Defender XDR about vulnerabilities, settings and exposure, after Microsoft's references of advanced hunting (defender-docs) and of Azure Monitor Logs (as of 2026-07-27).
// Where the two differ in a type, it is that of Azure Monitor Logs. A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const defenderPostureTables: Record<string, string> = {
  DeviceBaselineComplianceAssessment: `string: ConfigurationId DeviceId DeviceName OSPlatform OSVersion ProfileId
    bool: IsApplicable IsCompliant IsExempt
    datetime: Timestamp
    dynamic: CurrentValue RecommendedValue Source`,
  DeviceBaselineComplianceAssessmentKB: `string: CCEReference ConfigurationBenchmark ConfigurationCategory ConfigurationDescription ConfigurationId
      ConfigurationName ConfigurationRationale RemediationOptions
    datetime: Timestamp
    dynamic: BenchmarkProfileLevels RecommendedValue Source`,
  DeviceBaselineComplianceProfiles: `string: BaseBenchmark BenchmarkProfileLevel BenchmarkVersion CreatedBy LastUpdatedBy OSVersion ProfileDescription
      ProfileId ProfileName
    bool: Status
    datetime: CreatedOn LastUpdatedOn Timestamp
    dynamic: OSPlatform`,
  DeviceTvmBrowserExtensions: `string: BrowserName DeviceId ExtensionDescription ExtensionId ExtensionName ExtensionRisk ExtensionVendor
      ExtensionVersion IsActivated
    datetime: InstallationTime Timestamp`,
  DeviceTvmBrowserExtensionsKB: `string: BrowserName ExtensionDescription ExtensionId ExtensionName ExtensionRisk IsPermissionRequired
      PermissionDescription PermissionId PermissionName PermissionRisk
    datetime: Timestamp
    dynamic: ExtensionVersion`,
  DeviceTvmCertificateInfo: `string: DeviceId ExpirationDate ExtendedKeyUsage FriendlyName IssueDate KeySize KeyUsage Path SerialNumber
      SignatureAlgorithm SubjectType Thumbprint
    datetime: Timestamp
    dynamic: IssuedBy IssuedTo`,
  DeviceTvmHardwareFirmware: `string: ComponentFamily ComponentName ComponentType ComponentVersion DeviceId DeviceName Manufacturer
    datetime: Timestamp
    dynamic: AdditionalFields`,
  DeviceTvmInfoGathering: `string: DeviceId DeviceName OSPlatform
    datetime: LastSeenTime Timestamp
    dynamic: AdditionalFields`,
  DeviceTvmInfoGatheringKB: `string: DataStructure Description FieldName IgId
    datetime: Timestamp
    dynamic: Categories`,
  DeviceTvmSecureConfigurationAssessment: `string: ConfigurationCategory ConfigurationId ConfigurationSubcategory DeviceId DeviceName OSPlatform
    bool: IsApplicable IsCompliant IsExpectedUserImpact
    datetime: Timestamp
    dynamic: Context
    real: ConfigurationImpact`,
  DeviceTvmSecureConfigurationAssessmentKB: `string: ConfigurationCategory ConfigurationDescription ConfigurationId ConfigurationName ConfigurationSubcategory
      RemediationOptions RiskDescription
    datetime: Timestamp
    dynamic: ConfigurationBenchmarks RelatedMitreTactics RelatedMitreTechniques Tags
    real: ConfigurationImpact`,
  DeviceTvmSoftwareEvidenceBeta: `string: DeviceId LastSeenTime SoftwareName SoftwareVendor SoftwareVersion
    datetime: Timestamp
    dynamic: DiskPaths RegistryPaths`,
  DeviceTvmSoftwareInventory: `string: DeviceId DeviceName EndOfSupportStatus OSArchitecture OSPlatform OSVersion ProductCodeCpe SoftwareName
      SoftwareVendor SoftwareVersion
    datetime: EndOfSupportDate Timestamp`,
  DeviceTvmSoftwareVulnerabilities: `string: CveId DeviceId DeviceName OSArchitecture OSPlatform OSVersion RecommendedSecurityUpdate
      RecommendedSecurityUpdateId SoftwareName SoftwareVendor SoftwareVersion VulnerabilitySeverityLevel
    datetime: Timestamp
    dynamic: CveTags`,
  DeviceTvmSoftwareVulnerabilitiesKB: `string: CveId VulnerabilityDescription VulnerabilitySeverityLevel
    bool: IsExploitAvailable
    datetime: LastModifiedTime PublishedDate Timestamp
    dynamic: AffectedSoftware
    real: CvssScore`,
  ExposureGraphEdges: `string: EdgeId EdgeLabel SourceNodeId SourceNodeLabel SourceNodeName TargetNodeId TargetNodeLabel TargetNodeName
    datetime: Timestamp
    dynamic: EdgeProperties SourceNodeCategories TargetNodeCategories`,
  ExposureGraphNodes: `string: NodeId NodeLabel NodeName
    datetime: Timestamp
    dynamic: Categories EntityIds NodeProperties`,
};
