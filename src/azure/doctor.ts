import { instantAt, numberAt } from '../arm/json.ts';
import { shortName } from '../arm/resource-id.ts';
import type { DoctorCheck } from '../documents/doctor.ts';
import type { Fact, Gap, WhyUnknown } from '../documents/fact.ts';
import { known, unknown } from '../documents/fact.ts';
import type { EvidenceName, VirtualMachine } from '../documents/triage.ts';
import { sources } from '../sources.ts';
import { counted } from '../text/counts.ts';
import { shellWord } from '../text/shell-word.ts';
import type { Connection } from './client/connection.ts';
import { gapOf, isForbidden, unknownFrom } from './client/failure.ts';
import { kqlDatetime, withParameters } from './client/kql-literal.ts';
import { loadQuery } from './client/load-query.ts';
import { askLogs } from './client/log-query.ts';
import type { SignedIn } from './client/signed-in.ts';
import { activityWindow, readActivity } from './readers/activity-log.ts';
import { readBackup } from './readers/backup.ts';
import { readAlerts } from './readers/defender-alerts.ts';
import { readServersPlan, type ServersPlan } from './readers/defender-plan.ts';
import { activation, curedByEligibility, readEligibleRoles } from './readers/eligible-roles.ts';
import { readIdentityPosture } from './readers/identity-posture.ts';
import { readJit } from './readers/jit.ts';
import { managedIdentitiesOf, readMachine } from './readers/machine.ts';
import { readNetwork, readSecondOpinions } from './readers/network.ts';
import { offered } from './readers/not-offered.ts';
import { readPatches } from './readers/patches.ts';
import { isRegistered, readRegistration } from './readers/registrations.ts';
import { type Granted, permits } from './readers/role-permissions.ts';
import { readRecommendations, readSecureScore } from './readers/secure-score.ts';
import { readSoftware } from './readers/software.ts';

/** The VM by which a subscription's sources are tried, and who asks. */
export interface Patient {
  vm: VirtualMachine;
  /** Logs are asked of the VM alone, instead of its subscription. */
  alone: boolean;
  /** The caller, for the lines to paste. */
  caller: Caller;
}

/** Whom a role is for; the object id is "" when it is not known. */
type Caller = Pick<SignedIn, 'objectId' | 'kind'>;

/** Azure's names for the holders of a role ("az role assignment create", --assignee-principal-type). */
const principalTypes: Record<SignedIn['kind'], string> = {
  person: ' --assignee-principal-type User',
  application: ' --assignee-principal-type ServicePrincipal',
  'managed identity': ' --assignee-principal-type ServicePrincipal',
  // az then asks Entra what the id is of.
  unknown: '',
};

/** The line that gives the caller a role. A placeholder is in quotes: pasted as it is, it does nothing. */
export function roleCommand({ objectId, kind }: Caller, role: string, scope: string): string {
  const who = /^[0-9a-f-]{36}$/i.test(objectId) ? objectId : "'OBJECT-ID-OF-THE-RESPONDER'";
  return `az role assignment create --assignee-object-id ${who}${principalTypes[kind]} --role '${role}' --scope ${shellWord(scope)}`;
}

interface Need {
  role: string;
  /** Resource id. */
  scope: string;
}

interface Told {
  populated: boolean;
  newestAt?: string | null;
  text: string;
  /** What would fill it, when nothing is in it. */
  setting?: string;
  command?: string;
}

/** A line that switches on what is missing, where the reason is one of these. */
interface Cure {
  when: readonly WhyUnknown[];
  command: string;
}

/** Azure did not speak: whether the caller is permitted is not known either. */
const noWord: readonly WhyUnknown[] = ['no-answer', 'not-signed-in', 'second-factor', 'throttled', 'not-asked'];
/** A role of the caller's would show it. */
const lackOfRole: readonly WhyUnknown[] = ['denied', 'hidden'];

/** A fact as a check. An unknown is distinguished by its reason: no answer, no permission, or nothing there. */
function checkOf<T>(
  name: string,
  { vm, caller }: Patient,
  need: Need,
  fact: Fact<T>,
  tell: (value: T) => Told,
  cure: Cure = { when: [], command: '' },
): DoctorCheck {
  const base = { name, subscription: vm.subscriptionName, newestAt: null };
  const ask = { ask: `${need.role} on ${need.scope}`, command: roleCommand(caller, need.role, need.scope) };
  if (fact.state === 'known') {
    const told = tell(fact.value);
    const gaps = fact.notSeen.map((one) => `not seen: ${one}`);
    const denied = fact.notSeenWhy?.includes('denied') ?? false;
    return {
      ...base,
      state: told.populated && gaps.length === 0 ? 'works' : 'partly',
      reachable: true,
      permitted: !denied,
      populated: told.populated,
      newestAt: told.newestAt ?? null,
      text: [told.text, ...gaps].filter(Boolean).join('; '),
      ask: denied ? ask.ask : told.populated ? '' : (told.setting ?? ''),
      command: denied ? ask.command : told.populated ? '' : (told.command ?? ''),
    };
  }
  const silent = noWord.includes(fact.why);
  const forbidden = lackOfRole.includes(fact.why);
  return {
    ...base,
    state: silent || forbidden ? 'does not work' : 'partly',
    reachable: !silent,
    permitted: silent ? null : !forbidden,
    populated: silent || forbidden ? null : false,
    text: fact.because,
    ...(forbidden ? ask : { ask: fact.cure, command: cure.when.includes(fact.why) ? cure.command : '' }),
  };
}

/** The tables of Log Analytics that cordon reads, and what fills them. */
const tables: { name: string; os?: 'windows' | 'linux'; fill: string }[] = [
  { name: 'SecurityEvent', os: 'windows', fill: 'a data collection rule for Windows security events' },
  { name: 'Event', os: 'windows', fill: 'a data collection rule for Windows events (System: 7045)' },
  {
    name: 'WindowsEvent',
    os: 'windows',
    fill: 'a data collection rule for forwarded Windows events, where they are used',
  },
  { name: 'Syslog', os: 'linux', fill: 'a data collection rule for syslog (auth, authpriv)' },
  { name: 'Heartbeat', fill: 'the Azure Monitor Agent' },
  { name: 'VMBoundPort', fill: 'VM insights with processes and dependencies, where it is used' },
];
const tableDays = 14;

async function newestIn(
  connection: Connection,
  { vm, alone }: Patient,
  table: string,
): Promise<Fact<{ newestAt: string | null; rows: number }>> {
  const source = `Log Analytics · ${table}`;
  const now = connection.clock.now();
  const bounds = { from: new Date(now.getTime() - tableDays * 86_400_000), until: new Date(now.getTime() + 300_000) };
  const scope = alone ? vm.id : `/subscriptions/${vm.subscriptionId}`;
  const text = withParameters(await loadQuery('table-newest'), {
    source: table,
    from: kqlDatetime(bounds.from),
    until: kqlDatetime(bounds.until),
  });
  let answer = await askLogs(connection, scope, table, text, bounds);
  const notSeen: string[] = [];
  const notSeenWhy: WhyUnknown[] = [];
  if (!alone && answer.state === 'failed' && isForbidden(answer.error)) {
    const group = `${scope}/resourceGroups/${vm.resourceGroup}`;
    const nearer = await askLogs(connection, group, table, text, bounds);
    if (nearer.state !== 'failed') {
      answer = nearer;
      notSeen.push(`what is outside of ${vm.resourceGroup}: no permission on the subscription`);
      notSeenWhy.push('denied');
    }
  }
  if (answer.state === 'failed') {
    return unknownFrom(answer.error, source, { permission: 'Microsoft.Insights/logs/read', role: '', scope });
  }
  const about = { source, asOf: now.toISOString(), coverage: `${tableDays} days`, notSeen, notSeenWhy };
  if (answer.state === 'no-table') return known({ newestAt: null, rows: 0 }, about);
  const [row] = answer.rows;
  return known({ newestAt: instantAt(row, 'Newest'), rows: numberAt(row, 'Rows') ?? 0 }, about);
}

const providers = [
  'Microsoft.Compute',
  'Microsoft.Network',
  'Microsoft.Security',
  'Microsoft.RecoveryServices',
  'Microsoft.OperationalInsights',
  'Microsoft.Insights',
];

async function readProviders(connection: Connection, vm: VirtualMachine): Promise<Fact<string[]>> {
  const source = 'Azure Resource Manager · resource providers';
  try {
    const unregistered = await Promise.all(
      providers.map(async (name) => {
        return isRegistered(await readRegistration(connection, vm.subscriptionId, name)) ? '' : name;
      }),
    );
    const asOf = connection.clock.now().toISOString();
    return known(unregistered.filter(Boolean), { source, asOf, coverage: providers.join(', ') });
  } catch (error) {
    return unknownFrom(error, source, {
      permission: 'Microsoft.Resources/subscriptions/providers/read',
      role: 'Reader',
      scope: `/subscriptions/${vm.subscriptionId}`,
    });
  }
}

const fine = (text: string, newestAt: string | null = null): Told => ({ populated: true, newestAt, text });

/** Tries the sources of a triage on one VM. Those that several checks rest on are read once. */
class SourceChecks {
  readonly #connection: Connection;
  readonly #patient: Patient;
  readonly #subscription: string;
  readonly #plan: Promise<ServersPlan>;
  readonly #machine: ReturnType<typeof readMachine>;
  readonly #network: ReturnType<typeof readNetwork>;

  constructor(connection: Connection, patient: Patient) {
    const { vm } = patient;
    this.#connection = connection;
    this.#patient = patient;
    this.#subscription = `/subscriptions/${vm.subscriptionId}`;
    this.#plan = readServersPlan(connection, vm);
    this.#machine = readMachine(connection, vm);
    this.#network = readNetwork(connection, vm);
    // Each check that awaits it still gets the error.
    for (const reading of [this.#plan, this.#machine, this.#network]) reading.catch(() => {});
  }

  all(): Promise<DoctorCheck[]> {
    return Promise.all([
      ...this.#ofNetwork(),
      this.#providers(),
      this.#patches(),
      ...this.#ofDefender(),
      this.#backup(),
      this.#activity(),
      ...this.#ofIdentity(),
      ...this.#ofLogs(),
    ]);
  }

  get #reader(): Need {
    return { role: 'Reader', scope: this.#subscription };
  }

  #needOf(name: EvidenceName): Need {
    return { role: sources[name].role, scope: this.#subscription };
  }

  #about(source: string, gaps: readonly Gap[] = []) {
    return {
      source,
      asOf: this.#connection.clock.now().toISOString(),
      coverage: this.#patient.vm.name,
      notSeen: gaps.map(({ because }) => because),
      notSeenWhy: gaps.map(({ why }) => why),
    };
  }

  async #check<T>(
    name: string,
    need: Need,
    read: Promise<Fact<T>>,
    tell: (value: T) => Told,
    cure?: Cure,
  ): Promise<DoctorCheck> {
    const fact = await read.catch((error: unknown) => unknownFrom(error, name, { permission: 'to read it', ...need }));
    const told = checkOf(name, this.#patient, need, fact, tell, cure);
    if (fact.state === 'known') return told;
    // A role that only waits to be activated is not for the customer to grant.
    const activated = await curedByEligibility(this.#connection, this.#patient.vm.id, fact);
    return activated === fact ? told : { ...told, ask: activated.cure, command: '' };
  }

  #ofNetwork(): Promise<DoctorCheck>[] {
    const { vm } = this.#patient;
    const contributor = {
      role: 'Network Contributor',
      scope: `${this.#subscription}/resourceGroups/${vm.resourceGroup}`,
    };
    return [
      this.#check(
        'machine',
        { role: 'Reader', scope: vm.id },
        this.#machine.then((body) => known(body, this.#about('ARM'))),
        () => fine(`asked of ${vm.name}`),
      ),
      this.#check(
        'network',
        this.#reader,
        this.#network.then((one) => {
          const gaps = one.unreadable.map((gap) => ({ ...gap, because: `${shortName(gap.what)}: ${gap.because}` }));
          return known(one, this.#about('ARM', gaps));
        }),
        () => fine(`asked of ${vm.name}`),
      ),
      this.#check('security admin rules', contributor, this.#adminRules(), () => fine('of Virtual Network Manager')),
      this.#check('effective rules', contributor, this.#effectiveRules(), (answers) =>
        fine(`Azure's own opinion on ${counted(answers.size, 'interface')}`),
      ),
    ];
  }

  async #adminRules() {
    const { adminRules } = await this.#network;
    if (adminRules.state === 'unknown') return unknown(adminRules.why, adminRules.because, adminRules.cure, 'ARM');
    const gaps = [...(adminRules.because?.values() ?? [])];
    if (adminRules.byNetwork.size > 0) return known(adminRules, this.#about('ARM', gaps));
    const { why, because, cure } = gaps[0] ?? noNetwork;
    return unknown(why, because, cure, 'ARM');
  }

  async #effectiveRules() {
    const answers = await readSecondOpinions(this.#connection, this.#patient.vm);
    const refused = [...answers.values()].find((one) => 'why' in one);
    return refused && 'why' in refused
      ? unknown(refused.why, refused.because, refused.cure, 'ARM')
      : known(answers, this.#about('ARM'));
  }

  #providers(): Promise<DoctorCheck> {
    const { vm } = this.#patient;
    return this.#check('resource providers', this.#reader, readProviders(this.#connection, vm), (unregistered) =>
      unregistered.length === 0
        ? fine('registered')
        : {
            populated: false,
            text: `not registered: ${unregistered.join(', ')}`,
            setting: `register ${unregistered.join(', ')}, where the service is used`,
            command: `az provider register --namespace ${unregistered[0] ?? ''} --subscription ${shellWord(vm.subscriptionId)}`,
          },
    );
  }

  #patches(): Promise<DoctorCheck> {
    const { vm } = this.#patient;
    return this.#check(
      'patch assessment',
      this.#needOf('patches'),
      offered('patches', vm, 'Resource Graph', () => readPatches(this.#connection, vm)),
      ({ assessedAt, missing }) => fine(`${counted(missing.length, 'update')} missing on ${vm.name}`, assessedAt),
      { when: ['absent', 'stale', 'failed', 'silent'], command: `cordon run assess-patches --vm ${shellWord(vm.id)}` },
    );
  }

  #ofDefender(): Promise<DoctorCheck>[] {
    const connection = this.#connection;
    const { vm } = this.#patient;
    const plan = this.#plan;
    const command = `az security pricing create --name VirtualMachines --tier Standard --subplan P2 --subscription ${shellWord(vm.subscriptionId)}`;
    const switchOn: Cure = { when: ['off'], command };
    return [
      this.#check('Defender for Servers', this.#needOf('alerts'), this.#planFact(), ({ servers, text }) =>
        servers === 'P2' || servers === 'on'
          ? fine(text)
          : {
              populated: false,
              text: `${text}: no just-in-time access, no software inventory`,
              setting: 'Defender for Servers Plan 2',
              command,
            },
      ),
      this.#check(
        'Defender alerts',
        this.#needOf('alerts'),
        readAlerts(connection, vm, plan),
        ({ alerts }) => fine(`${counted(alerts.length, 'alert')} on ${vm.name}`, alerts[0]?.at ?? null),
        switchOn,
      ),
      this.#check(
        'Secure Score',
        this.#needOf('secureScore'),
        readSecureScore(connection, vm, plan),
        ({ percentage }) => fine(`${percentage} %`),
      ),
      this.#check(
        'recommendations',
        this.#needOf('recommendations'),
        readRecommendations(connection, vm, plan),
        ({ unhealthy }) => fine(`${unhealthy.length} not followed by ${vm.name}`),
      ),
      this.#check(
        'just-in-time access',
        this.#needOf('jit'),
        offered('jit', vm, 'Defender for Cloud', () => readJit(connection, vm, plan)),
        ({ policy, grants }) =>
          fine(policy === '' ? `no policy names ${vm.name}` : `policy ${policy}`, grants[0]?.startedAt ?? null),
      ),
      this.#check(
        'software',
        this.#needOf('software'),
        readSoftware(connection, vm, plan),
        ({ items }) => fine(`${counted(items.length, 'program')} on ${vm.name}`),
        switchOn,
      ),
    ];
  }

  async #planFact() {
    const { servers, text } = await this.#plan;
    const because = 'no permission to read the plan, or Defender for Cloud is not used';
    return servers === 'unreadable'
      ? unknown('hidden', because, 'ask', 'Resource Graph')
      : known({ servers, text }, this.#about('Resource Graph'));
  }

  #backup(): Promise<DoctorCheck> {
    const { vm } = this.#patient;
    return this.#check(
      'backup',
      this.#needOf('backup'),
      offered('backup', vm, 'Azure Backup', () => readBackup(this.#connection, vm)),
      (backup) =>
        backup.protected
          ? fine(`${vm.name} in ${backup.vaultName}`, backup.lastBackupAt)
          : { populated: false, text: `${vm.name} is not protected`, setting: 'Azure Backup for the VM' },
    );
  }

  #activity(): Promise<DoctorCheck> {
    const { vm } = this.#patient;
    const about = { related: [], identities: this.#machine.then((body) => managedIdentitiesOf(body, vm)) };
    return this.#check(
      'activity log',
      this.#needOf('activity'),
      readActivity(this.#connection, vm, about, activityWindow(this.#connection.clock.now())),
      ({ entries }) => fine(`${counted(entries.length, 'change')} at ${vm.name} in 8 days`, entries.at(-1)?.at ?? null),
    );
  }

  #ofIdentity(): Promise<DoctorCheck>[] {
    const { vm } = this.#patient;
    return [
      this.#check(
        'roles to activate',
        this.#reader,
        readEligibleRoles(this.#connection, this.#subscription).then(({ roles, cut }) =>
          known(roles, this.#about('ARM', cut === '' ? [] : [{ why: 'damaged', because: cut, cure: '' }])),
        ),
        (roles) =>
          roles.length === 0
            ? fine('none')
            : { populated: false, text: 'eligible, not active', setting: roles.map(activation).join('; ') },
      ),
      this.#check(
        'roles of managed identities',
        this.#needOf('identity'),
        readIdentityPosture(this.#connection, vm, this.#machine),
        ({ managedIdentities }) => fine(`${counted(managedIdentities.length, 'identity', 'identities')} of ${vm.name}`),
      ),
    ];
  }

  #ofLogs(): Promise<DoctorCheck>[] {
    const { vm, alone } = this.#patient;
    const need = { role: sources.logons.role, scope: alone ? vm.id : this.#subscription };
    const nothing = `nothing in ${tableDays} days in any workspace that you can read`;
    return tables
      .filter(({ os }) => !alone || os === undefined || os === vm.os)
      .map(({ name, fill }) =>
        this.#check(`logs: ${name}`, need, newestIn(this.#connection, this.#patient, name), ({ newestAt, rows }) =>
          rows > 0
            ? fine(`${counted(rows, 'row')} in ${tableDays} days`, newestAt)
            : { populated: false, text: nothing, setting: fill },
        ),
      );
  }
}

/**
 * Every source that a triage reads, tried on one VM: reachable, permitted, populated, how old, and what to ask the
 * customer for where it is not. They are asked side by side; none throws.
 */
export function checkSources(connection: Connection, patient: Patient): Promise<DoctorCheck[]> {
  return new SourceChecks(connection, patient).all();
}

/** Without a network there was nothing to ask about, which is no answer. */
const noNetwork: Gap = {
  why: 'depends',
  because: 'no virtual network of the VM is known, so that none was asked about',
  cure: 'Reader on the network interfaces and the subnets of the VM',
};

/** What a triage needs of the caller, and the role that gives it. */
const neededRights = [
  { action: 'Microsoft.Compute/virtualMachines/read', role: 'Reader' },
  { action: 'Microsoft.Network/networkInterfaces/read', role: 'Reader' },
  { action: 'Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action', role: 'Network Contributor' },
  { action: 'Microsoft.Security/alerts/read', role: 'Security Reader' },
  { action: 'Microsoft.Insights/logs/read', role: 'Log Analytics Reader' },
  { action: 'Microsoft.RecoveryServices/vaults/read', role: 'Backup Reader' },
];

/**
 * What the caller may do in a subscription that is not asked in full, by the resource group of one of its VMs: one
 * request, whatever its size. Throws nothing.
 */
export async function checkRights(
  connection: Connection,
  vm: VirtualMachine,
  vms: number,
  caller: Caller,
): Promise<DoctorCheck> {
  const base = { name: 'permissions', subscription: vm.subscriptionName, populated: null, newestAt: null };
  const what = `in ${vm.resourceGroup}, of ${counted(vms, 'VM')}; not asked in full: --subscription or --vm does`;
  const scope = `/subscriptions/${vm.subscriptionId}`;
  try {
    const { permissions } = await connection.authorization(vm.subscriptionId);
    const grants: Granted[] = [];
    for await (const { actions, notActions } of permissions.listForResourceGroup(vm.resourceGroup)) {
      grants.push({ actions: actions ?? [], notActions: notActions ?? [] });
    }
    const lacks = neededRights.filter(({ action }) => !permits(grants, action));
    const roles = [...new Set(lacks.map(({ role }) => role))];
    return {
      ...base,
      state: lacks.length === 0 ? 'works' : 'partly',
      reachable: true,
      permitted: lacks.length === 0,
      text: [what, ...lacks.map(({ action }) => `no ${action}`)].join('; '),
      ask: roles.length === 0 ? '' : `${roles.join(', ')} on ${scope}`,
      command: roles[0] === undefined ? '' : roleCommand(caller, roles[0], scope),
    };
  } catch (error) {
    const { because, cure } = gapOf(error);
    return { ...base, state: 'does not work', reachable: null, permitted: null, text: because, ask: cure, command: '' };
  }
}

/** Seconds that this computer's clock is ahead of Azure's, and whether Azure answers at all. Throws the SDK's error. */
export async function clockAhead(connection: Connection): Promise<number | null> {
  const before = connection.clock.now().getTime();
  const { date } = await connection.get('/subscriptions?api-version=2022-12-01');
  const after = connection.clock.now().getTime();
  // The header has whole seconds: half of one is the most likely rest.
  return date === null ? null : Math.round((before + after) / 2 - (date.getTime() + 500)) / 1000;
}
