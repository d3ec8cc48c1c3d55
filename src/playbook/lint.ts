import type { Action } from './action.ts';
import type { Playbook, PlaybookStep } from './playbook.ts';

/** Something in a playbook that works and is likely to be regretted. */
export interface LintWarning {
  /** Path in the file: ["steps", 2, "uses"]. */
  path: (string | number)[];
  text: string;
}

type Known = Pick<Action, 'danger' | 'undo' | 'input'>;

/** Actions that must not come before others, and why: the order of volatility (RFC 3227, section 2.1) among them. */
const orders: readonly { first: string; later: readonly string[]; because: string }[] = [
  {
    first: 'vm.deallocate',
    later: [
      'volatile.collect',
      'disks.snapshot',
      'backup.trigger',
      'account.disable',
      'patches.assess',
      'patches.install',
    ],
    because: 'the VM is off then: memory is lost, and nothing runs in it',
  },
  {
    first: 'patches.install',
    later: ['volatile.collect', 'disks.snapshot', 'backup.trigger'],
    because: 'an installation overwrites evidence',
  },
  {
    first: 'patches.assess',
    later: ['volatile.collect', 'disks.snapshot'],
    because: 'an assessment writes to the disk of the VM',
  },
  {
    first: 'nsg.lock',
    later: ['volatile.collect', 'backup.trigger', 'account.disable', 'patches.assess', 'patches.install'],
    because: 'a lock may cut the way out that the VM agent needs',
  },
  {
    first: 'nsg.lock',
    later: ['disks.snapshot'],
    because: 'the intruder sees a lock, and may clean up; lock first only while data are leaving the VM',
  },
  { first: 'disks.snapshot', later: ['volatile.collect'], because: 'live state changes with every minute' },
  {
    first: 'jit.enable',
    later: ['nsg.lock'],
    because: 'just-in-time access closes no port that another rule opens',
  },
];

/** The actions that preserve what others destroy. */
const preserving = new Set(['volatile.collect', 'disks.snapshot', 'backup.trigger']);
const destroying = new Set(['vm.deallocate', 'patches.install']);

function orderWarnings(steps: readonly PlaybookStep[]): LintWarning[] {
  return steps.flatMap((step, index) =>
    orders
      .filter(({ first }) => first === step.uses)
      .flatMap(({ first, later, because }) =>
        steps
          .slice(index + 1)
          .filter(({ uses }) => uses !== undefined && later.includes(uses))
          .map((next) => ({
            path: ['steps', index, 'uses'],
            text: `${first} (${step.id}) before ${next.uses} (${next.id}): ${because}`,
          })),
      ),
  );
}

function unpreservedWarnings(steps: readonly PlaybookStep[]): LintWarning[] {
  return steps.flatMap((step, index) => {
    if (step.uses === undefined || !destroying.has(step.uses)) return [];
    const earlier = steps.slice(0, index);
    const kept = earlier.filter(({ uses }) => uses !== undefined && preserving.has(uses));
    const path = ['steps', index, 'uses'];
    if (kept.length === 0 && !earlier.some(({ ask }) => ask !== undefined) && step.uses !== 'patches.install')
      return [
        { path, text: `${step.uses} (${step.id}), and nothing before it preserves anything or asks whether it was` },
      ];
    const loose = kept.filter(({ whenFailed }) => whenFailed === 'go-on');
    return loose.map(({ id, uses }) => ({
      path,
      text: `${step.uses} (${step.id}) is run although ${uses} (${id}) failed: its whenFailed is go-on`,
    }));
  });
}

function stepWarnings(
  steps: readonly PlaybookStep[],
  step: PlaybookStep,
  index: number,
  actions: ReadonlyMap<string, Known>,
): LintWarning[] {
  const warnings: LintWarning[] = [];
  const checked = actions.get(step.check ?? '');
  if (checked && checked.danger !== 'none')
    warnings.push({
      path: ['steps', index, 'check'],
      text: `${step.check} changes Azure: as a check it fails; write \`uses\``,
    });
  const undone = typeof step.whenFailed === 'object' ? step.whenFailed.undo : undefined;
  const target = steps.find(({ id }) => id === undone);
  if (target?.uses && actions.get(target.uses)?.undo === undefined)
    warnings.push({
      path: ['steps', index, 'whenFailed', 'undo'],
      text: `${target.uses} (${target.id}) cannot be undone`,
    });
  if (step.undoAfterMinutes !== undefined && actions.get(step.uses ?? '')?.undo === undefined)
    warnings.push({
      path: ['steps', index, 'undoAfterMinutes'],
      text: `${step.uses} cannot be undone: undoAfterMinutes has no effect`,
    });
  const isUnchecked = !steps.slice(index + 1).some(({ check }) => check === 'network.check');
  if (step.uses === 'nsg.lock' && step.undoAfterMinutes === undefined && isUnchecked)
    warnings.push({
      path: ['steps', index, 'uses'],
      text: `nsg.lock (${step.id}) has no undoAfterMinutes, and no network.check follows: a lock that shuts you out stays`,
    });
  return warnings;
}

/** What a playbook that can be read does in an order, or in a way, that is likely to be regretted. */
export function lintPlaybook(book: Playbook, actions: ReadonlyMap<string, Known>): LintWarning[] {
  const { steps } = book;
  return [
    ...orderWarnings(steps),
    ...unpreservedWarnings(steps),
    ...steps.flatMap((step, index) => stepWarnings(steps, step, index, actions)),
  ];
}
