// Columns of the tables of Entra: sign-ins, changes, risks and calls of Graph, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2026-07-27). A table is a text, so that none costs anything before it is asked for.

/** By table: each type, a colon and its columns. */
export const signInTables: Record<string, string> = {
  SigninLogs: `string: AADTenantId AlternateSignInName AppDisplayName AppId AppliedConditionalAccessPolicies AppOwnerTenantId
      AuthenticationAppDeviceDetails AuthenticationAppPolicyEvaluationDetails AuthenticationContextClassReferences
      AuthenticationDetails AuthenticationMethodsUsed AuthenticationProcessingDetails AuthenticationProtocol
      AuthenticationRequirement AuthenticationRequirementPolicies AuthenticatorAppLocation AutonomousSystemNumber
      Category ClientAppUsed ClientCredentialType ConditionalAccessAudiences ConditionalAccessStatus CorrelationId
      CrossTenantAccessType FederatedCredentialId GlobalSecureAccessIpAddress HomeTenantId HomeTenantName Id
      Identity IncomingTokenType IPAddress IPAddressFromResourceProvider Level Location NetworkLocationDetails
      OperationName OperationVersion OriginalRequestId OriginalTransferMethod ProcessingTimeInMilliseconds
      Resource ResourceDisplayName ResourceGroup ResourceId ResourceIdentity ResourceOwnerTenantId
      ResourceProvider ResourceServicePrincipalId ResourceTenantId ResultDescription ResultSignature ResultType
      RiskDetail RiskEventTypes RiskEventTypes_V2 RiskLevel RiskLevelAggregated RiskLevelDuringSignIn RiskState
      ServicePrincipalId ServicePrincipalName SessionId SessionLifetimePolicies SignInEventTypes SignInIdentifier
      SignInIdentifierType SourceAppClientId TokenIssuerName TokenIssuerType TokenProtectionStatusDetails
      UniqueTokenIdentifier UserAgent UserDisplayName UserId UserPrincipalName UserType
    bool: FlaggedForReview IsInteractive IsRisky IsTenantRestricted IsThroughGlobalSecureAccess
    datetime: CreatedDateTime
    dynamic: Agent AppliedEventListeners ConditionalAccessPolicies DeviceDetail LocationDetails MfaDetail Status
    long: DurationMs`,
  AADNonInteractiveUserSignInLogs: `string: AADTenantId Agent AlternateSignInName AppDisplayName AppId AppOwnerTenantId
      AuthenticationContextClassReferences AuthenticationDetails AuthenticationMethodsUsed
      AuthenticationProcessingDetails AuthenticationProtocol AuthenticationRequirement
      AuthenticationRequirementPolicies AuthenticatorAppLocation AutonomousSystemNumber Category ClientAppUsed
      ClientCredentialType ClientSessionId ConditionalAccessAudiences ConditionalAccessPolicies
      ConditionalAccessStatus CorrelationId CrossTenantAccessType DeviceDetail FederatedCredentialId
      GlobalSecureAccessIpAddress HomeTenantId HomeTenantName Id Identity IncomingTokenType IPAddress Level
      Location LocationDetails MfaDetail NetworkLocationDetails OperationName OperationVersion OriginalRequestId
      OriginalTransferMethod ProcessingTimeInMs ResourceDisplayName ResourceGroup ResourceIdentity
      ResourceOwnerTenantId ResourceServicePrincipalId ResourceTenantId ResultDescription ResultSignature
      ResultType RiskDetail RiskEventTypes RiskEventTypes_V2 RiskLevelAggregated RiskLevelDuringSignIn RiskState
      ServicePrincipalId SessionId SessionLifetimePolicies SignInEventTypes SignInIdentifierType Status
      TokenIssuerName TokenIssuerType TokenProtectionStatusDetails UniqueTokenIdentifier UserAgent UserDisplayName
      UserId UserPrincipalName UserType
    bool: IsInteractive IsRisky IsTenantRestricted IsThroughGlobalSecureAccess
    datetime: CreatedDateTime
    dynamic: AppliedEventListeners
    long: DurationMs`,
  AADServicePrincipalSignInLogs: `string: AADTenantId Agent AppId AppOwnerTenantId AuthenticationContextClassReferences
      AuthenticationProcessingDetails AutonomousSystemNumber Category ClientCredentialType
      ConditionalAccessAudiences ConditionalAccessPolicies ConditionalAccessStatus CorrelationId
      FederatedCredentialId Id Identity IPAddress Level Location LocationDetails NetworkLocationDetails
      OperationName OperationVersion ResourceDisplayName ResourceGroup ResourceIdentity ResourceOwnerTenantId
      ResourceServicePrincipalId ResultDescription ResultSignature ResultType ServicePrincipalCredentialKeyId
      ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName SessionId UniqueTokenIdentifier
      UserAgent
    datetime: CreatedDateTime
    long: DurationMs`,
  AADManagedIdentitySignInLogs: `string: AADTenantId Agent AppId AppOwnerTenantId AuthenticationContextClassReferences
      AuthenticationProcessingDetails Category ClientCredentialType ConditionalAccessAudiences
      ConditionalAccessPolicies ConditionalAccessStatus CorrelationId FederatedCredentialId Id Identity IPAddress
      Level Location LocationDetails ManagedServiceIdentity NetworkLocationDetails OperationName OperationVersion
      ResourceDisplayName ResourceGroup ResourceIdentity ResourceOwnerTenantId ResourceServicePrincipalId
      ResultDescription ResultSignature ResultType ServicePrincipalCredentialKeyId
      ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName SessionId SourceAppClientId
      UniqueTokenIdentifier UserAgent
    datetime: CreatedDateTime
    long: DurationMs`,
  AuditLogs: `string: AADOperationType AADTenantId ActivityDisplayName Category CorrelationId Id Identity Level Location
      LoggedByService OperationName OperationVersion Resource ResourceGroup ResourceId ResourceProvider Result
      ResultDescription ResultReason ResultSignature ResultType
    datetime: ActivityDateTime
    dynamic: AdditionalDetails InitiatedBy TargetResources
    long: DurationMs`,
  AADProvisioningLogs: `string: AADTenantId Category ChangeId CorrelationId CycleId Id InitiatedBy JobId ModifiedProperties OperationName
      OperationVersion ProvisioningAction ProvisioningStatusInfo ProvisioningSteps ResultDescription
      ResultSignature ResultType ServicePrincipal SourceIdentity TargetIdentity TargetSystem
    long: DurationMs`,
  AADUserRiskEvents: `string: Activity CorrelationId DetectionTimingType Id IpAddress OperationName RequestId RiskDetail RiskEventType
      RiskLevel RiskState Source TokenIssuerType UserDisplayName UserId UserPrincipalName
    datetime: ActivityDateTime DetectedDateTime LastUpdatedDateTime
    dynamic: AdditionalInfo Location`,
  AADRiskyUsers: `string: CorrelationId Id OperationName RiskDetail RiskLevel RiskState UserDisplayName UserPrincipalName
    bool: IsDeleted IsProcessing
    datetime: RiskLastUpdatedDateTime`,
  AADRiskyServicePrincipals: `string: AppId CorrelationId DisplayName Id OperationName RiskDetail RiskLevel RiskState ServicePrincipalType
    bool: AccountEnabled IsProcessing
    datetime: RiskLastUpdatedDateTime`,
  AADServicePrincipalRiskEvents: `string: Activity AppId CorrelationId DetectionTimingType Id IpAddress OperationName RequestId RiskDetail
      RiskEventType RiskLevel RiskState ServicePrincipalDisplayName ServicePrincipalId Source TokenIssuerType
    datetime: ActivityDateTime DetectedDateTime LastUpdatedDateTime
    dynamic: AdditionalInfo KeyIds Location`,
  AADGraphActivityLogs: `string: AADTenantId ActorType ApiVersion AppId CallerIpAddress Category ClientAuthMethod DeviceId IdentityProvider
      Level Location OperationName RequestId RequestMethod RequestUri ResultSignature Roles Scopes
      ServicePrincipalId SessionId SignInActivityId UserAgent UserId Wids
    datetime: TimeRequested TokenIssuedAt
    int: DurationMs ResponseSizeBytes ResponseStatusCode`,
  MicrosoftGraphActivityLogs: `string: AadTenantId ApiVersion AppId ATContent ATContentH ATContentP ClientRequestId DeviceId IdentityProvider
      IPAddress Location OperationId RequestId RequestMethod RequestUri Roles Scopes ServicePrincipalId SessionId
      SignInActivityId UniqueTokenId UserAgent UserId Wids
    datetime: TokenIssuedAt
    int: ClientAuthMethod DurationMs ResponseSizeBytes ResponseStatusCode`,
  ADFSSignInLogs: `string: AlternateSignInName AppDisplayName AppId AuthenticationDetails AuthenticationProcessingDetails
      AuthenticationRequirement AuthenticationRequirementPolicies Category ConditionalAccessPolicies
      ConditionalAccessStatus CorrelationId DeviceDetail Id Identity IPAddress Level Location
      NetworkLocationDetails OperationName OperationVersion OriginalRequestId ProcessingTimeInMs Requirement
      ResourceDisplayName ResourceGroup ResourceIdentity ResourceTenantId ResultDescription ResultSignature
      ResultType Status TokenIssuerName TokenIssuerType UniqueTokenIdentifier UserAgent UserDisplayName UserId
      UserPrincipalName
    bool: IsInteractive
    datetime: CreatedDateTime
    long: DurationMs`,
};
