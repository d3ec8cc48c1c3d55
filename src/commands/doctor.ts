import { createActions } from '../actions/actions.ts';
import { scaleSetInstanceOf } from '../arm/scale-set-instance.ts';
import type { Connection } from '../azure/client/connection.ts';
import { gapOf, isNotSignedIn } from '../azure/client/failure.ts';
import { loginLine } from '../azure/client/sign-in-failure.ts';
import { type WhoActs, withoutSecondFactor } from '../azure/client/who-acts.ts';
import { checkRights, checkSources, clockAhead } from '../azure/doctor.ts';
import { curedByEligibility } from '../azure/readers/eligible-roles.ts';
import { chooseMachine, readInventory } from '../azure/readers/inventory.ts';
import type { DoctorCheck, DoctorDocument, DoctorPlaybook } from '../documents/doctor.ts';
import type { Permission } from '../documents/run.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { exitCode } from '../failure.ts';
import type { Action, ActionContext } from '../playbook/action.ts';
import { loadPlaybooks, playbookFolders } from '../playbook/playbook-file.ts';
import { targetOf } from '../session/playbooks/playbook-shelf.ts';
import { printable } from '../text/printable.ts';
import { age } from '../text/times.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { printedJson } from './printed-json.ts';
import { withoutPrivate } from './without-private.ts';

export interface DoctorFlags extends ConnectionFlags {
  json?: boolean;
  /** Leave out names, ids and addresses. */
  redact?: boolean;
  /** Ask about this VM alone. */
  vm?: string;
}

/** A clock that is further off than this makes every age on screen wrong. */
const mostSkewSeconds = 60;

function aboutSignIn(
  name: string,
  state: DoctorCheck['state'],
  text: string,
  ask = '',
  permitted: boolean | null = state === 'works',
): DoctorCheck {
  const reachable = state === 'works' ? true : null;
  return {
    name,
    subscription: '',
    state,
    reachable,
    permitted,
    populated: null,
    newestAt: null,
    text,
    ask,
    command: '',
  };
}

interface SignInChecks {
  checks: DoctorCheck[];
  /** null without a sign-in that Azure accepts. */
  who: WhoActs | null;
  /** Seconds that this computer's clock is ahead of Azure's; null when Azure does not report it. */
  skew: number | null;
}

/** Who acts, whether Azure takes the sign-in, and whether the clocks agree. */
async function checkSignIn(connection: Connection): Promise<SignInChecks> {
  let who: WhoActs | null = null;
  try {
    who = await connection.signedIn();
    const skew = await clockAhead(connection);
    const { name, kind, through, tenantId, warnings } = who;
    const as = kind === 'person' || kind === 'unknown' ? name : `${name} (${kind})`;
    const text = `${as} in tenant ${tenantId}, ${connection.cloud.name} cloud, through ${through}`;
    const odd = warnings.length > 0;
    const off = skew !== null && Math.abs(skew) > mostSkewSeconds;
    const words = skew === null ? 'Azure does not report its time' : `${skew.toFixed(1)} s ahead of Azure's`;
    const clock = off || skew === null ? 'partly' : 'works';
    return {
      checks: [
        aboutSignIn('sign-in', odd ? 'partly' : 'works', text, warnings.join('; '), true),
        ...secondFactor(who),
        aboutSignIn('clock', clock, words, off ? 'set the clock of this computer' : ''),
      ],
      who,
      skew,
    };
  } catch (error) {
    const { because, cure } = gapOf(error);
    const what = who && !isNotSignedIn(error) ? 'Azure' : 'sign-in';
    return { checks: [aboutSignIn(what, 'does not work', because, cure, null)], who: null, skew: null };
  }
}

/** Azure takes changes from persons only with a second factor: better known before the first of them. */
function secondFactor(who: WhoActs): DoctorCheck[] {
  if (who.secondFactor === null) return [];
  return who.secondFactor
    ? [aboutSignIn('second factor', 'works', 'went into this sign-in')]
    : [aboutSignIn('second factor', 'partly', withoutSecondFactor, loginLine(who.tenantId), null)];
}

/** What each playbook needs on a VM. Their steps are planned, which only reads; nothing is kept. */
async function checkPlaybooks(
  connection: Connection,
  vm: VirtualMachine,
  responderAddress: string,
): Promise<DoctorPlaybook[]> {
  const actions: ReadonlyMap<string, Action> = createActions(connection);
  const { playbooks } = await loadPlaybooks(await playbookFolders(), actions);
  const context: ActionContext = {
    target: targetOf(vm),
    caseId: 'doctor',
    responderAddress,
    gate: {
      before: async () => {
        throw new Error('doctor changes nothing');
      },
      after: async () => {},
    },
    keep: async () => '',
    progress: () => {},
    asked: () => {},
    signal: new AbortController().signal,
  };
  return Promise.all(
    playbooks.map(async ({ playbook }): Promise<DoctorPlaybook> => {
      const impossible: string[] = [];
      const needed = new Map<string, Permission>();
      await Promise.all(
        playbook.steps.map(async (step) => {
          const action = step.uses === undefined ? undefined : actions.get(step.uses);
          if (!action) return;
          try {
            const plan = await action.plan(context, step.with ?? {});
            if (plan.refused) impossible.push(`${step.id}: ${plan.refused.because}`);
            for (const one of plan.permissions) needed.set(`${one.action} ${one.scope}`.toLowerCase(), one);
          } catch (error) {
            const { because, cure } = await curedByEligibility(connection, vm.id, gapOf(error));
            impossible.push(`${step.id}: ${because}; ${cure}`);
          }
        }),
      );
      const permissions = [...needed.values()];
      // A role that only waits to be activated is in the permission, and not for the customer to grant.
      const lacking = permissions.filter(({ held, eligible }) => held === false && eligible === undefined);
      return {
        name: playbook.name,
        machine: vm.name,
        permissions,
        impossible: impossible.map((text) => printable(text, 400)),
        ask: lacking.map(({ action, scope }) => `${action} on ${printable(scope, 300)}`).join('; '),
      };
    }),
  );
}

const marks = { works: '✓', partly: '●', 'does not work': '✗' } as const;

function lines({ checks, playbooks }: DoctorDocument, now: Date): string[] {
  const width = Math.max(20, ...checks.map(({ name }) => name.length), ...playbooks.map(({ name }) => name.length));
  const told = (check: DoctorCheck) => [
    `${marks[check.state]} ${check.name.padEnd(width)}  ${check.text}${check.newestAt ? ` (newest ${age(check.newestAt, now)} ago)` : ''}`,
    ...(check.ask ? [`${' '.repeat(width + 4)}to fix: ${check.ask}`] : []),
  ];
  const bySubscription = Map.groupBy(checks, ({ subscription }) => subscription);
  const machines = Map.groupBy(playbooks, ({ machine }) => machine);
  return [
    ...[...bySubscription].flatMap(([name, group]) => [...(name ? ['', name] : []), ...group.flatMap(told)]),
    ...[...machines].flatMap(([machine, group]) => [
      '',
      `playbooks on ${machine}`,
      ...group.flatMap(({ name, permissions, impossible, ask }) => {
        const unclear = permissions.filter(({ held }) => held === null).length;
        const activations = new Set(permissions.flatMap((one) => (one.held === false && one.eligible) || []));
        const sign = ask || activations.size > 0 ? '✗' : impossible.length > 0 || unclear > 0 ? '●' : '✓';
        const held = `${permissions.filter((one) => one.held).length} of ${permissions.length} permissions held`;
        return [
          `${sign} ${name.padEnd(width)}  ${held}${unclear > 0 ? `, ${unclear} not known` : ''}`,
          ...impossible.map((text) => `${' '.repeat(width + 4)}not here: ${text}`),
          ...[...activations].map((text) => `${' '.repeat(width + 4)}to fix: ${text}`),
          ...(ask ? [`${' '.repeat(width + 4)}to fix: ask the customer for ${ask}`] : []),
        ];
      }),
    ]),
    ...pasted(checks),
  ];
}

/** The lines for the customer, each once. */
function pasted(checks: readonly DoctorCheck[]): string[] {
  const commands = [...new Set(checks.map(({ command }) => command).filter(Boolean))];
  return commands.length === 0
    ? []
    : ['', 'for the customer to decide and to paste', ...commands.map((one) => `  ${one}`)];
}

const clean = (check: DoctorCheck): DoctorCheck => ({
  ...check,
  subscription: printable(check.subscription, 80),
  // A line that is to be pasted is of no use when it is cut.
  text: printable(check.text, 4000),
  ask: printable(check.ask, 20_000),
  command: printable(check.command, 20_000),
});

/** Names as far as a line takes them. */
function fewNames(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more subscriptions`;
}

/** The VM by which a fleet's sources are tried: one that runs, for Azure answers some questions only of those. */
function sampleOf(machines: VirtualMachine[]): VirtualMachine | undefined {
  const vms = machines.filter(({ id }) => !scaleSetInstanceOf(id));
  return [...vms, ...machines].find(({ power }) => power === 'running') ?? machines[0];
}

/** Names of a customer's resources, as far as the inventory shows. */
function privateNames(inventory: Awaited<ReturnType<typeof readInventory>> | null): { kind: string; name: string }[] {
  if (inventory?.state !== 'known') return [];
  const { machines, subscriptions } = inventory.value;
  return [
    ...subscriptions.map(({ name }) => ({ kind: 'subscription', name })),
    ...machines.flatMap((vm) => [
      { kind: 'vm', name: vm.name },
      { kind: 'group', name: vm.resourceGroup },
      { kind: 'subscription', name: vm.subscriptionName },
    ]),
  ];
}

/** `cordon doctor`: sign-in, clock, permissions and data sources; what works and what to ask the customer for. */
export async function doctor(flags: DoctorFlags, streams: Streams): Promise<number> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  const checks: DoctorCheck[] = [];
  const playbooks: DoctorPlaybook[] = [];
  try {
    const signIn = await checkSignIn(connection);
    const { who } = signIn;
    checks.push(...signIn.checks);
    const inventory = who ? await readInventory(connection) : null;
    if (inventory?.state === 'unknown') {
      checks.push(aboutSignIn('machines', 'does not work', inventory.because, inventory.cure, null));
    } else if (inventory && who) {
      const { machines, subscriptions } = inventory.value;
      checks.push({
        ...aboutSignIn('machines', machines.length > 0 ? 'works' : 'partly', ''),
        populated: machines.length > 0,
        text: `${machines.length} in ${fewNames(subscriptions.map((one) => one.name))}`,
        ask: machines.length > 0 ? '' : 'Reader on the subscription, or on the resource group of the VM',
      });
      const patient = flags.vm ? chooseMachine(machines, flags.vm) : sampleOf(machines);
      const { address } = who;
      if (patient) {
        checks.push(...(await checkSources(connection, { vm: patient, alone: flags.vm !== undefined, caller: who })));
        playbooks.push(...(await checkPlaybooks(connection, patient, address)));
      }
      const bySubscription = Map.groupBy(machines, ({ subscriptionId }) => subscriptionId.toLowerCase());
      if (patient) bySubscription.delete(patient.subscriptionId.toLowerCase());
      const rights = [...(flags.vm ? [] : bySubscription.values())].flatMap((vms) =>
        vms.slice(0, 1).map((vm) => checkRights(connection, vm, vms.length, who)),
      );
      checks.push(...(await Promise.all(rights)));
    }
    const document: DoctorDocument = {
      schema: 'cordon.doctor/1',
      asOf: connection.clock.now().toISOString(),
      clockAheadSeconds: signIn.skew,
      checks: checks.map(clean),
      playbooks,
    };
    const told = flags.redact ? withoutPrivate(document, privateNames(inventory)) : document;
    streams.stdout.write(flags.json ? `${printedJson(told)}\n` : `${lines(told, connection.clock.now()).join('\n')}\n`);
    const seen = checks.some((check) => check.name === 'machines' && check.state === 'works');
    return who && seen ? exitCode.done : exitCode.notPermitted;
  } finally {
    await opened.close();
  }
}
