import * as z from 'zod';
import { factOf, instant, whyUnknown } from './fact-schema.ts';

export const virtualMachine = z.object({
  id: z.string(),
  name: z.string(),
  resourceGroup: z.string(),
  subscriptionId: z.string(),
  subscriptionName: z.string(),
  /**
   * The tenant that its subscription belongs to, where Azure reports it: with Lighthouse another than that of the sign-in.
   */
  tenantId: z.string().optional(),
  location: z.string(),
  os: z.enum(['windows', 'linux']),
  /** As a user says it: "Windows Server 2019", "Ubuntu 22.04". Empty when Azure does not report it. */
  osName: z.string(),
  /** Azure's power state without its prefix; `unknown` when it could not be read. */
  power: z.enum(['running', 'starting', 'stopping', 'stopped', 'deallocating', 'deallocated', 'unknown']),
  computerName: z.string(),
  publicAddresses: z.array(z.string()),
  networkInterfaces: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
});
export type VirtualMachine = z.infer<typeof virtualMachine>;

export const decidingRule = z.object({
  /** Resource id of the network security group (or of the admin rule collection). */
  nsg: z.string(),
  rule: z.string(),
  priority: z.int(),
  level: z.enum(['nic', 'subnet', 'admin']),
});
export type DecidingRule = z.infer<typeof decidingRule>;

/** A process that listens at an open port, as the agent of VM insights saw it. */
export const listener = z.object({
  port: z.int(),
  process: z.string(),
  /** First sighting in the time that was looked at, and the last one. */
  since: instant,
  lastSeenAt: instant,
  /** Is it still there, as far as the agent's last report shows? */
  now: z.boolean(),
});
export type Listener = z.infer<typeof listener>;

/** Remote ends that connected to an open port. */
const portUse = z.object({
  /** How many remote addresses, and how many connections. */
  addresses: z.int(),
  links: z.int(),
  /** Those with the most connections. */
  top: z.array(z.object({ address: z.string(), links: z.int(), lastAt: instant })),
});
export type PortUse = z.infer<typeof portUse>;

const exposedPort = z.object({
  protocol: z.enum(['tcp', 'udp', 'icmp', 'esp', 'ah']),
  /** Port range at the VM; 0-0 for protocols without ports. */
  from: z.int(),
  to: z.int(),
  /** The field's name for the service, or "" when nothing is known of the port. */
  service: z.string(),
  /** What the Internet must address. */
  frontend: z.object({ address: z.string(), from: z.int(), to: z.int() }),
  via: z.enum(['public-ip', 'load-balancer', 'nat-rule', 'firewall-dnat', 'application-gateway']),
  sources: z.object({
    /** IPv4 addresses of the Internet that reach it; 3,702,259,456 is all of them. */
    publicAddresses: z.int(),
    breadth: z.enum(['internet', 'wide', 'narrow']),
    /** The exact set, in CIDR blocks. */
    prefixes: z.array(z.string()),
    /** Service tags that are let in too, whose addresses are not known; they are in neither the count nor the set. */
    tags: z.array(z.string()).optional(),
  }),
  /** The rules that allow it; empty where there is no network security group. */
  decidedBy: z.array(decidingRule),
  agrees: z.enum(['effective-rules', 'not-checked', 'disagrees']),
  /** Resource id of the network interface that receives it. */
  networkInterface: z.string(),
  /** What leads to it: resource id of the public address, load balancer, firewall or gateway, and the rule there ("" for an address). */
  path: z.object({ id: z.string(), rule: z.string() }).optional(),
  /** What listens there; empty: nothing. Absent while it has not been asked. */
  listening: factOf(z.array(listener)).optional(),
  /** Remote ends that connected to it in the look-back. */
  usedBy: factOf(portUse).optional(),
});
export type ExposedPort = z.infer<typeof exposedPort>;

/** A place where our evaluation and Azure's effective rules give different answers; both are shown. */
export const disagreement = z.object({
  networkInterface: z.string(),
  protocol: z.string(),
  ports: z.string(),
  cordon: z.string(),
  azure: z.string(),
});

export const exposure = z.object({
  ports: z.array(exposedPort),
  disagreements: z.array(disagreement),
  /** One line per network interface: how the second opinion went ("the same", "not asked: the VM is off"). */
  secondOpinion: z.array(z.object({ networkInterface: z.string(), result: z.string() })),
});
export type Exposure = z.infer<typeof exposure>;

const logonSuccess = z.object({
  at: instant,
  account: z.string(),
  address: z.string(),
  logonType: z.int().nullable(),
  /** What it shares with the failures before it: their address, one of their accounts, or both. */
  by: z.enum(['address', 'account', 'both']).optional(),
  /** Where the log has it, but not how it was let in: "sshd session opened, method not known". */
  how: z.string().optional(),
});

export type LogonSuccess = z.infer<typeof logonSuccess>;

/** What an intruder left behind, by the name that the log gives it. */
export const made = z.object({ kind: z.enum(['account', 'service', 'scheduled task']), name: z.string() });
export type Made = z.infer<typeof made>;

/**
 * How a burst of failed logons was made. `distributed-spray`: many sources on many accounts, none of which is a burst;
 * `unattributed`: the source is not known.
 */
const burstKind = z.enum(['guess', 'spray', 'distributed', 'distributed-spray', 'unattributed']);

/** An address that another log names at the time of failures without one: joined by time, which is no proof. */
const burstWitness = z.object({ address: z.string(), events: z.int(), source: z.string() });
export type BurstWitness = z.infer<typeof burstWitness>;

export const burst = z.object({
  kind: burstKind,
  start: instant,
  end: instant,
  failures: z.int(),
  /** Of them, those that are in damaged parts of an event log: shown, but no proof. */
  unverified: z.int().optional(),
  peakPerMinute: z.int(),
  /** The sources and accounts with the most failures; `distinctSources` and `distinctAccounts` count all of them. */
  sources: z.array(z.object({ address: z.string(), failures: z.int() })),
  accounts: z.array(z.object({ name: z.string(), failures: z.int(), exists: z.boolean().nullable() })),
  distinctSources: z.int().optional(),
  distinctAccounts: z.int().optional(),
  codes: z.array(z.object({ code: z.string(), meaning: z.string(), failures: z.int() })),
  logonTypes: z.array(z.int()),
  /** Failures in equal slices from start to end, for a sparkline. */
  histogram: z.array(z.int()),
  /** Known with a value: a logon followed. Known with null: none did. Unknown: successes are not collected. */
  success: z.discriminatedUnion('state', [
    z.object({
      state: z.literal('known'),
      value: logonSuccess.nullable(),
      /** The first from the burst's own address, where `value` is an earlier one of a guessed account from elsewhere. */
      fromSource: logonSuccess.nullable().optional(),
    }),
    z.object({ state: z.literal('unknown'), because: z.string(), cure: z.string() }),
  ]),
  /**
   * A session of a guessed account, of which the log says neither whence it came nor whether a password or a key let it in.
   * `success` is unknown then.
   */
  session: logonSuccess.optional(),
  /**
   * Of a distributed spray: logons of its accounts from where neither the spray nor the account came before, the first of an
   * account each. `success` is unknown then: the owner or the intruder may have come.
   */
  elsewhere: z.array(logonSuccess).optional(),
  /** Only where failures have no address. */
  witnesses: z.array(burstWitness).optional(),
  /** What followed a success: new accounts, services, tasks, cleared logs. Empty when nothing was seen. */
  next: z.array(z.object({ at: instant, eventId: z.int(), what: z.string(), made: made.optional() })),
  /** Where it was read, while several sources are reported side by side: "Log Analytics", "event log Security.evtx". */
  readFrom: z.string().optional(),
});
export type Burst = z.infer<typeof burst>;

/** A logon after failures of its account that are too few, or too far apart, for a burst. */
export const logonsAfterFailures = z.array(
  z.object({
    account: z.string(),
    /** Failures before it, from the first to the last. */
    failures: z.int(),
    first: instant,
    last: instant,
    sources: z.array(z.string()),
    distinctSources: z.int(),
    success: logonSuccess,
  }),
);
export type LogonsAfterFailures = z.infer<typeof logonsAfterFailures>;

/** Right credentials whose logon was refused all the same: expired, restricted, without the second factor. */
export const rightButRefused = z.array(
  z.object({
    account: z.string(),
    address: z.string(),
    code: z.string(),
    meaning: z.string(),
    failures: z.int(),
    first: instant,
    last: instant,
    /** Failures of the account, or from the address, in the day before that were not right: was it found by guessing? */
    guesses: z.int(),
  }),
);
export type RightButRefused = z.infer<typeof rightButRefused>;

export const logons = z.object({
  failures: z.int(),
  bursts: z.array(burst),
  /**
   * Logons that followed at least five failures of their account and that are in no burst; absent when there are none.
   */
  afterFailures: logonsAfterFailures.optional(),
  /** Absent when there is none. */
  rightButRefused: rightButRefused.optional(),
  /** When any security event last arrived from this VM; null when that was not asked. */
  lastEventAt: instant.nullable(),
  /** Are successful logons collected for this VM? */
  successesCollected: z.boolean().nullable(),
  thresholds: z.object({ failures: z.int(), windowSeconds: z.int() }),
});
export type Logons = z.infer<typeof logons>;

const missingPatch = z.object({
  name: z.string(),
  /** Number without "KB"; "" on Linux. */
  kb: z.string(),
  version: z.string(),
  classification: z.string(),
  /** Microsoft's rating ("Critical", "Important"), where the assessment reports it; else "". */
  msrcSeverity: z.string(),
  publishedAt: instant.nullable(),
  ageDays: z.int().nullable(),
  rebootRequired: z.boolean().nullable(),
  /** The CVEs that vulnerability findings on this VM tie to it; what else it closes is not in Azure's data. */
  cves: z.array(z.string()),
  /** What the newest installation run that named it left of it: why it is still missing. */
  lastAttempt: z.object({ state: z.string(), at: instant.nullable() }).nullable(),
});
export type MissingPatch = z.infer<typeof missingPatch>;

export const patches = z.object({
  assessedAt: instant,
  /** "Platform" or "User"; "" when Azure does not report it. */
  startedBy: z.string(),
  rebootPending: z.boolean().nullable(),
  /** The end of the installation run that asked for the reboot, where there is one. */
  rebootPendingSince: instant.nullable(),
  /** The assessment's own counts, by classification. */
  counts: z.record(z.string(), z.int()),
  missing: z.array(missingPatch),
  /** Where updates come from ("WU", "WU-WSUS", "APT"); "" when Azure does not report it. */
  service: z.string(),
});
export type Patches = z.infer<typeof patches>;

const installationRun = z.object({
  id: z.string(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** Azure's word: "Succeeded", "Failed", "CompletedWithWarnings", "InProgress". */
  status: z.string(),
  startedBy: z.string(),
  installed: z.int().nullable(),
  failed: z.int().nullable(),
  pending: z.int().nullable(),
  excluded: z.int().nullable(),
  notSelected: z.int().nullable(),
  maintenanceWindowExceeded: z.boolean().nullable(),
  /** "NotNeeded", "Required", "Started", "Failed", "Completed"; "" when Azure does not report it. */
  rebootStatus: z.string(),
  /** "" when the run reports none; a successful one carries the code "0". */
  error: z.string(),
  patches: z.array(
    z.object({
      name: z.string(),
      kb: z.string(),
      version: z.string(),
      classification: z.string(),
      /** "Installed", "Failed", "Pending", "Excluded", "NotSelected". */
      state: z.string(),
      at: instant.nullable(),
    }),
  ),
});
export type InstallationRun = z.infer<typeof installationRun>;

/** Runs that installed updates, newest first; Azure keeps 30 days of them. */
export const installations = z.object({ runs: z.array(installationRun) });
export type Installations = z.infer<typeof installations>;

/** What of this VM's known vulnerabilities CISA lists as exploited. */
export const knownExploited = z.object({
  catalogVersion: z.string(),
  releasedAt: instant,
  /** Entries of the catalogue. */
  count: z.int(),
  matches: z.array(
    z.object({
      cve: z.string(),
      name: z.string(),
      vendor: z.string(),
      product: z.string(),
      /** Days, "2019-05-24"; "" when the catalogue does not report it. */
      addedAt: z.string(),
      dueAt: z.string(),
      /** Is it known to be used in ransomware campaigns? null: CISA says that it does not know. */
      ransomware: z.boolean().nullable(),
      /** What of this VM names it: "KB5035849", the title of a vulnerability finding. */
      on: z.array(z.string()),
    }),
  ),
});
export type KnownExploited = z.infer<typeof knownExploited>;

const recoveryPoint = z.object({
  id: z.string(),
  at: instant,
  /** "application" (VSS, or scripts on Linux), "file-system", "crash", or "unknown". */
  consistency: z.enum(['application', 'file-system', 'crash', 'unknown']),
  /** Where it lies: "InstantRP", "HardenedRP", "ArchivedRP". */
  tiers: z.array(z.string()),
  /** When retention deletes it; null when Azure does not report it. */
  expiresAt: instant.nullable(),
  /** It was deleted, and the vault still keeps it: it must be undeleted before it can be restored. */
  softDeleted: z.boolean(),
});
export type RecoveryPoint = z.infer<typeof recoveryPoint>;

export const vaultSecurity = z.object({
  /** "Enabled", "Disabled", "AlwaysON" (cannot be switched off); "" when Azure does not report it. */
  softDelete: z.string(),
  softDeleteDays: z.int().nullable(),
  /** "Disabled", "Unlocked" (can be switched off), "Locked"; "" when Azure does not report it. */
  immutability: z.string(),
  /** Multi-user authorization: "Enabled", "Disabled"; "" when Azure does not report it. */
  multiUserAuthorization: z.string(),
});
export type VaultSecurity = z.infer<typeof vaultSecurity>;

export const backup = z.object({
  protected: z.boolean(),
  vault: z.string(),
  vaultName: z.string(),
  policy: z.string(),
  /**
   * Azure's word: "Protected", "IRPending" (never backed up yet), "ProtectionStopped", "ProtectionError"; "" when not
   * reported.
   */
  state: z.string(),
  /** Of the last backup operation, which may have failed. */
  lastBackupAt: instant.nullable(),
  lastBackupStatus: z.string(),
  /** Of the newest point to go back to; null when there is none, or none can be seen. */
  lastPointAt: instant.nullable(),
  container: z.string(),
  item: z.string(),
  /** The item was deleted, and the vault still keeps it: how long, as Azure prints it. null when it is not deleted. */
  softDeleted: z.object({ remaining: z.string() }).nullable(),
  /** Newest first. */
  points: factOf(z.array(recoveryPoint)),
  vaultSecurity: factOf(vaultSecurity),
  /** The last point from before the first thing that an attacker is known to have done; `point` null when there is none. */
  lastGood: factOf(z.object({ point: recoveryPoint.nullable(), before: instant, event: z.string() })),
});
export type Backup = z.infer<typeof backup>;

export const alert = z.object({
  id: z.string(),
  name: z.string(),
  /** "VM_LoginBruteForceSuccess" */
  type: z.string(),
  severity: z.string(),
  status: z.string(),
  /** When it began, or when it was raised where Azure does not report the former. */
  at: instant,
  startAt: instant.nullable(),
  endAt: instant.nullable(),
  description: z.string(),
  /** The stage of the attack as Defender calls it ("Exploitation"), and ATT&CK techniques it names. */
  intent: z.string(),
  techniques: z.array(z.string()),
  /** What it names besides this VM. */
  entities: z.object({ addresses: z.array(z.string()), accounts: z.array(z.string()) }),
  /** What Defender advises, one sentence each. */
  remediation: z.array(z.string()),
  /** By what it is this VM's, where it does not name the VM's id: "its public address 20.1.2.3". */
  matchedBy: z.string().optional(),
});
export const alerts = z.object({
  alerts: z.array(alert),
  /** The plan as Azure prints it: "Standard P2"; "unknown" when it cannot be read. */
  plan: z.string(),
  /** Defender for Servers on this VM. `on` is a Standard tier without a sub-plan. */
  servers: z.enum(['P2', 'P1', 'on', 'off', 'unreadable']),
});
export type Alerts = z.infer<typeof alerts>;

export const secureScore = z.object({
  /** Of the subscription, not of this VM. */
  subscription: z.string(),
  percentage: z.number(),
  current: z.number(),
  max: z.number(),
  /** The score's parts, the most points missing first. */
  controls: z.array(
    z.object({
      name: z.string(),
      current: z.number(),
      max: z.number(),
      healthy: z.int(),
      unhealthy: z.int(),
      notApplicable: z.int(),
    }),
  ),
});
export type SecureScore = z.infer<typeof secureScore>;

/** What Defender for Cloud recommends for this VM. */
export const recommendations = z.object({
  unhealthy: z.array(
    z.object({ id: z.string(), name: z.string(), severity: z.string(), since: instant.nullable(), cause: z.string() }),
  ),
  healthy: z.int(),
  notApplicable: z.int(),
});
export type Recommendations = z.infer<typeof recommendations>;

export const jit = z.object({
  /** Name of the policy that protects this VM; "" when none does. */
  policy: z.string(),
  policyId: z.string(),
  /** Is the plan on that just-in-time access needs (Defender for Servers P2)? null when that cannot be read. */
  available: z.boolean().nullable(),
  ports: z.array(
    z.object({
      number: z.int(),
      /** "*" lets a request open every protocol. */
      protocol: z.string(),
      maxDuration: z.string(),
      /** From where a request may open it: addresses or blocks; "*" is anywhere. */
      sources: z.array(z.string()),
    }),
  ),
  grants: z.array(
    z.object({
      requestor: z.string(),
      port: z.int(),
      /** "*" is any address. */
      source: z.string(),
      justification: z.string(),
      /** Azure's word for its state, and why: "Initiated", "Revoked (Expired)". */
      status: z.string(),
      startedAt: instant,
      endsAt: instant,
      open: z.boolean(),
    }),
  ),
});
export type Jit = z.infer<typeof jit>;

const identityPosture = z.object({
  localAdmin: z.string(),
  passwordAuthentication: z.boolean().nullable(),
  domainJoined: z.boolean().nullable(),
  entraLogin: z.boolean().nullable(),
  /** SSH keys that Azure put into the VM; null on Windows and where Azure does not report it. */
  sshKeys: z.int().nullable(),
  /** Ways to sign in and their second factor, one sentence each. */
  signIn: z.array(z.string()),
  managedIdentities: z.array(
    z.object({
      kind: z.string(),
      name: z.string(),
      /** false: its roles could not be read; then none are listed, and that is not "none". */
      rolesKnown: z.boolean(),
      roles: z.array(z.string()),
      assignments: z.array(
        z.object({
          role: z.string(),
          /** Resource id of what the role is given on. */
          scope: z.string(),
          /** What of it an intruder wants, in words; null when the role's definition could not be read. */
          can: z.array(z.string()).nullable(),
        }),
      ),
    }),
  ),
});
export type IdentityPosture = z.infer<typeof identityPosture>;

export const software = z.object({
  items: z.array(
    z.object({
      vendor: z.string(),
      name: z.string(),
      version: z.string(),
      /**
       * As Defender calls it: "None", "versionNoLongerSupported", "upcomingNoLongerSupported"…; "" when not reported.
       */
      endOfSupport: z.string(),
      /** The day, "2025-10-14"; "" when not reported. */
      endOfSupportAt: z.string(),
      knownVulnerabilities: z.int().nullable(),
    }),
  ),
  /** Did the vulnerability scan look at this VM? Otherwise an empty list says nothing. */
  scan: z.object({ state: z.enum(['scanned', 'not-scanned']), at: instant.nullable(), because: z.string() }),
  vulnerabilities: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      severity: z.string(),
      cves: z.array(z.string()),
      /** Updates that the finding names, without "KB". */
      kbs: z.array(z.string()),
      cvss: z.number().nullable(),
      remediation: z.string(),
      foundAt: instant.nullable(),
    }),
  ),
});
export type Software = z.infer<typeof software>;

export const firewall = z.object({
  /** Does this VM's traffic pass an Azure Firewall, in either direction? */
  inPath: z.boolean(),
  name: z.string(),
  id: z.string(),
  policy: z.string(),
  /** What leads in: only the firewall's DNAT rules, those and other ways past it, or no firewall at all. */
  inbound: z.enum(['firewall', 'beside-firewall', 'no-firewall', 'nothing', 'unknown']),
  /** Where the default route of the VM's subnets leads. */
  outbound: z.enum(['firewall', 'appliance', 'nowhere', 'direct', 'mixed', 'unknown']),
  routes: z.array(z.object({ subnet: z.string(), prefix: z.string(), nextHop: z.string(), firewall: z.string() })),
  dnatRules: z.array(z.string()),
  /** Ways in that do not pass the firewall: "20.51.7.14:3389 → 3389". */
  past: z.array(z.string()),
});
export type Firewall = z.infer<typeof firewall>;

export const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
export type Severity = z.infer<typeof severity>;

/** A security rule that a change wrote, as far as Azure's log shows it. */
const writtenRule = z.object({
  access: z.string(),
  direction: z.string(),
  protocol: z.string(),
  ports: z.array(z.string()),
  sources: z.array(z.string()),
});

/** One operation on Azure Resource Manager: the events of its start and end are one entry. */
const activityEntry = z.object({
  at: instant,
  /** When Azure reported how it ended; null while it has not. */
  endedAt: instant.nullable(),
  /** "Microsoft.Network/networkSecurityGroups/securityRules/write" */
  operation: z.string(),
  kind: z.enum(['network', 'jit', 'command', 'account', 'machine', 'disk', 'access', 'backup', 'monitoring', 'other']),
  /** The operation in words. */
  what: z.string(),
  resource: z.string(),
  status: z.enum(['started', 'succeeded', 'failed', 'unknown']),
  /** User principal name, or the id of an application or managed identity; "" when Azure does not report it. */
  caller: z.string(),
  callerKind: z.enum(['person', 'application', 'identity-of-this-machine', 'cordon', 'unknown']),
  /** Where the request came from, as Azure saw it; "" when it does not report it. */
  address: z.string(),
  correlationId: z.string(),
  severity,
  attack: z.array(z.string()),
  /** Why it is listed: done to the VM or a part of it; to a scope that it is in; by its identity. */
  about: z.enum(['machine', 'scope', 'identity']),
  rule: writtenRule.nullable(),
});
export type ActivityEntry = z.infer<typeof activityEntry>;

export const activity = z.object({
  /** The window that was asked for. */
  from: instant,
  until: instant,
  /** Oldest first. */
  entries: z.array(activityEntry),
});
export type Activity = z.infer<typeof activity>;

export const posture = z.object({
  alerts: factOf(alerts),
  secureScore: factOf(secureScore),
  recommendations: factOf(recommendations),
  jit: factOf(jit),
  identity: factOf(identityPosture),
  software: factOf(software),
  backup: factOf(backup),
  firewall: factOf(firewall),
  activity: factOf(activity),
});
export type Posture = z.infer<typeof posture>;

export const finding = z.object({
  id: z.string(),
  severity,
  /** One sentence that a responder can read aloud. */
  title: z.string(),
  /** Paths into this document: "exposure.ports[0]". */
  evidence: z.array(z.string()),
  /** MITRE ATT&CK technique ids. */
  attack: z.array(z.string()),
  /** Which of the article's practices it belongs to, from 1. */
  practice: z.int(),
  /** The playbook that answers it; "" when none does. */
  playbook: z.string(),
  /** Gaps that could change the verdict, one sentence each. */
  unknown: z.array(z.string()),
  /** Ids of findings that it reports too: their evidence and techniques are all among its own. */
  covers: z.array(z.string()).optional(),
  /** Set when it no longer holds: when it ended (or was first seen to have), and by whom; "" when that is not known. */
  closed: z.object({ at: instant, by: z.string() }).optional(),
});
export type Finding = z.infer<typeof finding>;

export const timeLineEntry = z.object({
  /** The same for the same thing in another reading. */
  id: z.string(),
  at: instant,
  /** When it ended; null for what has no length, or none that is known. */
  until: instant.nullable(),
  source: z.enum(['logons', 'activity', 'defender', 'jit', 'patches', 'backup']),
  severity,
  text: z.string(),
  /** Who did it: an account, a caller; "" when that is not known. */
  who: z.string(),
  /** The address it came from; "" when that is not known. */
  from: z.string(),
  attack: z.array(z.string()),
  /** Path into this document. */
  evidence: z.string(),
});
export type TimeLineEntry = z.infer<typeof timeLineEntry>;

/** Everything that has a time, oldest first, and what could not be put into it. */
export const timeLine = z.object({ entries: z.array(timeLineEntry), unknown: z.array(z.string()) });
export type TimeLine = z.infer<typeof timeLine>;

/** `cordon triage VM --json`: the three questions for one virtual machine. */
export const triageDocument = z.object({
  schema: z.literal('cordon.triage/1'),
  asOf: instant,
  vm: virtualMachine,
  exposure: factOf(exposure),
  logons: factOf(logons),
  patches: factOf(patches),
  installations: factOf(installations),
  knownExploited: factOf(knownExploited),
  posture,
  timeLine,
  findings: z.array(finding),
});
export type TriageDocument = z.infer<typeof triageDocument>;

/** The facts of a triage by the names that rules use: the three questions with what belongs to them, then the posture. */
export type Facts = Pick<TriageDocument, 'exposure' | 'logons' | 'patches' | 'installations' | 'knownExploited'> &
  Posture;
export type EvidenceName = keyof Facts;

const scanRow = z.object({
  id: z.string(),
  name: z.string(),
  vm: virtualMachine,
  /** Short port texts, most dangerous first: "3389", "nat 50001→3389"; null when exposure is unknown. */
  exposedPorts: z.array(z.string()).nullable(),
  /** The worst burst of the last 24 h; null when there is none. */
  worstBurst: factOf(
    z
      .object({
        kind: burstKind,
        failures: z.int(),
        totalFailures: z.int(),
        accounts: z.int(),
        succeeded: z.boolean().nullable(),
        /** As of a burst: only where failures have no address. */
        witnesses: z.array(burstWitness).optional(),
      })
      .nullable(),
  ),
  /** Active Defender alerts; null when unknown. */
  alerts: z.int().nullable(),
  /** Missing critical and security patches; null when there is no assessment of the last 7 days. */
  criticalPatches: z.int().nullable(),
  securityPatches: z.int().nullable(),
  /**
   * Why the counts are null. `stale`: the last assessment is older than 7 days. `none`: there is none to be seen, because
   * none was made, it is older, or it may not be read. `unfinished`: it runs, or has no result. `failed`: it failed.
   * `unread`: Azure gave no answer to it. `unsupported`: Azure does not assess such a machine. Absent while the answer
   * has not come.
   */
  patchAssessment: z.enum(['fresh', 'stale', 'none', 'unfinished', 'failed', 'unread', 'unsupported']).optional(),
  /** Vulnerabilities that CISA lists as exploited; only with a catalogue, null when no scan of the VM can be read. */
  knownExploited: z.array(z.string()).nullable().optional(),
  /** null: unknown; "": never backed up. */
  lastBackup: z.union([instant, z.literal('')]).nullable(),
  score: z.int(),
  severity: z.enum(['critical', 'high', 'medium', 'low', 'unknown']),
  because: z.array(z.string()),
  exposure: factOf(exposure).optional(),
});
export type ScanRow = z.infer<typeof scanRow>;

/** `cordon scan --json`: every virtual machine in reach, highest score first. */
export const scanDocument = z.object({
  schema: z.literal('cordon.scan/1'),
  asOf: instant,
  vms: z.array(scanRow),
  notSeen: z.array(z.string()),
  /** Set where the VMs themselves could not be listed: why, as a code and as a sentence, and what would cure it. */
  notListed: z.object({ why: whyUnknown, because: z.string(), cure: z.string() }).optional(),
});
export type ScanDocument = z.infer<typeof scanDocument>;
