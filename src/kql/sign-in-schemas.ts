// Columns of the tables of Entra and of Defender about sign-ins, after Microsoft's table reference (Azure Monitor Logs
// reference, as of 2026-07-27; of SigninLogs also the version of 2020, for its types).

/** What interactive and other sign-ins have alike, with the same types. */
const anySignIn = `string: AADTenantId AlternateSignInName AppDisplayName AppId AppOwnerTenantId
      AuthenticationContextClassReferences AuthenticationDetails AuthenticationMethodsUsed
      AuthenticationProcessingDetails AuthenticationProtocol AuthenticationRequirement
      AuthenticationRequirementPolicies AutonomousSystemNumber Category ClientAppUsed ClientCredentialType
      ConditionalAccessStatus CorrelationId CrossTenantAccessType FederatedCredentialId GlobalSecureAccessIpAddress
      HomeTenantId HomeTenantName Id Identity IncomingTokenType IPAddress Level Location NetworkLocationDetails
      OperationName OperationVersion OriginalRequestId OriginalTransferMethod ResourceDisplayName ResourceGroup
      ResourceIdentity ResourceOwnerTenantId ResourceServicePrincipalId ResourceTenantId ResultDescription
      ResultSignature ResultType RiskDetail RiskEventTypes RiskEventTypes_V2 RiskLevelAggregated RiskLevelDuringSignIn
      RiskState ServicePrincipalId SessionId SessionLifetimePolicies SignInEventTypes SignInIdentifierType
      TokenIssuerName TokenIssuerType TokenProtectionStatusDetails UniqueTokenIdentifier UserAgent UserDisplayName
      UserId UserPrincipalName UserType
    bool: IsInteractive IsRisky IsTenantRestricted IsThroughGlobalSecureAccess
    dynamic: AppliedEventListeners
    datetime: CreatedDateTime
    long: DurationMs`;

/** By table: each type, a colon and its columns. */
export const signInTables: Record<string, string> = {
  SigninLogs: `${anySignIn}
    string: ProcessingTimeInMilliseconds Resource ResourceId ResourceProvider ServicePrincipalName
    dynamic: ConditionalAccessPolicies DeviceDetail LocationDetails MfaDetail Status`,
  // Its details are texts: queries parse them.
  AADNonInteractiveUserSignInLogs: `${anySignIn}
    string: Agent AuthenticatorAppLocation ClientSessionId ConditionalAccessAudiences ConditionalAccessPolicies
      DeviceDetail LocationDetails MfaDetail ProcessingTimeInMs Status`,
  AuditLogs: `string: AADOperationType AADTenantId ActivityDisplayName Category CorrelationId Id Identity Level Location
      LoggedByService OperationName OperationVersion Resource ResourceGroup ResourceId ResourceProvider Result
      ResultDescription ResultReason ResultSignature ResultType
    dynamic: AdditionalDetails InitiatedBy TargetResources
    datetime: ActivityDateTime
    long: DurationMs`,
  DeviceLogonEvents: `string: AccountDomain AccountName AccountSid ActionType AppGuardContainerId DeviceId DeviceName FailureReason
      InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountObjectId
      InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
      InitiatingProcessFolderPath InitiatingProcessIntegrityLevel InitiatingProcessMD5 InitiatingProcessParentFileName
      InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP InitiatingProcessSHA1
      InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessUniqueId
      InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
      InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
      InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion LogonType MachineGroup
      Protocol RemoteDeviceName RemoteIP RemoteIPType
    long: InitiatingProcessFileSize InitiatingProcessId InitiatingProcessParentId InitiatingProcessSessionId LogonId
      ReportId
    datetime: InitiatingProcessCreationTime InitiatingProcessParentCreationTime
    bool: IsInitiatingProcessRemoteSession IsLocalAdmin
    dynamic: AdditionalFields
    int: RemotePort`,
};
