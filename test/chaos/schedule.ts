import type { Fault } from '../../src/simulator/faults.ts';
import { seeded } from '../../src/simulator/scenario/seeded.ts';

/** What goes wrong in one run and in undoing it, from a seed. */
export interface Schedule {
  seed: number;
  playbook: string;
  vm: string;
  /** A name for the report: "answer lost at PUT networkInterfaces #2". */
  text: string;
  faults: readonly Fault[];
  undoFaults: readonly Fault[];
  latency: 'none' | 'realistic';
  /** The place in the run (`CordonProcess`) at which the process is killed; null when it lives. */
  diesAt: number | null;
  /** The same in the undo. */
  undoDiesAt: number | null;
  /** Is the playbook run a second time in the same case? */
  again: boolean;
  /** Is it undone before anything else has opened the case again? */
  undoneAtOnce: boolean;
}

/** Each playbook with VMs that it can work on. */
export const playbooks: Record<string, readonly string[]> = {
  'lock-nsg': ['web01', 'app03', 'gate01', 'jump01', 'sql01'],
  'snapshot-disks': ['web01', 'app03', 'jump01', 'sql01'],
  'trigger-backup': ['web01', 'app03', 'sql01'],
  'undelete-backup': ['web01', 'sql02'],
  'enable-jit': ['web01', 'app03'],
  'request-jit': ['gate01'],
  'assess-patches': ['web01', 'app03', 'jump01'],
  'remove-public-ip': ['web01', 'gate01'],
  'cut-identity': ['web01', 'sql01'],
  'revoke-disk-links': ['web01'],
  deallocate: ['web01', 'sql01'],
  'collect-volatile': ['web01'],
  'install-patches': ['web01'],
  'disable-account': ['web01'],
  'contain-brute-force': ['web01', 'app03', 'sql01'],
  'export-disk': ['jump01', 'sql01'],
  // The same, and the scripts, into a container of Azure Storage.
  'export-to-blob': ['jump01', 'sql01'],
  'collect-to-blob': ['web01'],
  // A comment on the incident, as `cordon case post` makes it.
  'post-comment': ['web01'],
  // A lock that `cordon release` ends.
  release: ['web01', 'app03'],
};

const page = (status: number): Fault['effect'] => ({
  replace: { status, body: '<html>captive portal</html>', contentType: 'text/html', azures: false },
});
const half = (status: number): Fault['effect'] => ({
  replace: { status, body: '{"properties":{"provisi', contentType: 'application/json', azures: true },
});
const gateway = (status: number): Fault['effect'] => ({
  replace: { status, body: '{"error":{"code":"X","message":"x"}}', contentType: 'application/json', azures: true },
});

const kinds: readonly { name: string; methods: readonly string[]; effect: Fault['effect']; times?: number }[] = [
  { name: 'answer lost', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: { drop: 'answer' } },
  { name: 'request lost', methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'], effect: { drop: true } },
  { name: 'delayed', methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'], effect: { delayMs: 9000 } },
  { name: 'answered too late', methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'], effect: { delayMs: 200_000 } },
  { name: 'tokens expired', methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'], effect: { expireTokens: true } },
  {
    name: 'no token comes',
    methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'],
    effect: { withholdTokens: 1 },
  },
  { name: 'page with 200', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: page(200) },
  { name: 'page with 403', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: page(403) },
  { name: 'answer cut off', methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'], effect: half(200) },
  { name: '502 after it was done', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: gateway(502) },
  { name: '408 after it was done', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: gateway(408) },
  {
    name: '503 before it was done',
    methods: ['PUT', 'PATCH', 'POST', 'DELETE'],
    effect: { status: 503, code: 'X', message: 'x' },
  },
  { name: 'delivered twice', methods: ['PUT', 'PATCH', 'DELETE'], effect: { repeat: true } },
  { name: 'claims challenge', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: { challenge: true } },
  {
    name: 'busy',
    methods: ['PUT', 'PATCH', 'DELETE'],
    effect: { status: 409, code: 'AnotherOperationInProgress', message: 'x' },
  },
  {
    name: 'throttled',
    methods: ['PUT', 'PATCH', 'POST', 'DELETE'],
    effect: { status: 429, code: 'TooManyRequests', message: 'x' },
  },
  {
    name: 'refused',
    methods: ['PUT', 'PATCH', 'POST', 'DELETE'],
    effect: { status: 400, code: 'BadRequest', message: 'x' },
  },
  {
    name: 'role expires',
    methods: ['PUT', 'PATCH', 'POST', 'DELETE'],
    effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
    times: 1000,
  },
  {
    name: 'operation fails',
    methods: ['PUT', 'PATCH', 'POST', 'DELETE'],
    effect: { failOperation: { code: 'Internal', message: 'x' } },
  },
  { name: 'operation cancelled', methods: ['PUT', 'PATCH', 'POST', 'DELETE'], effect: { cancelOperation: true } },
  { name: 'operation never ends', methods: ['PUT', 'PATCH', 'POST'], effect: { hangOperation: true } },
  ...['provisioningState', 'properties', 'id', 'etag', 'securityRules', 'value', 'diskState', 'status'].map((name) => ({
    name: `without ${name}`,
    methods: ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'],
    effect: { property: { name } },
  })),
];

/** What the kind of that name does to one request. */
export function effectOf(kind: string): Fault['effect'] {
  const found = kinds.find(({ name }) => name === kind);
  if (!found) throw new Error(`no kind of fault is called ${kind}`);
  return found.effect;
}

/** The changes of the playbooks, as their requests look: method and path. */
const changes: Record<string, readonly [string, string][]> = {
  lock: [
    ['PUT', '/networkSecurityGroups/[^/?]+\\?'],
    ['PUT', '/networkInterfaces/[^/?]+\\?'],
  ],
  unlock: [
    ['PUT', '/networkInterfaces/[^/?]+\\?'],
    ['DELETE', '/networkSecurityGroups/[^/?]+\\?'],
  ],
  snapshot: [['PUT', '/snapshots/[^/?]+\\?']],
  together: [
    ['PUT', '/restorePointCollections/[^/?]+\\?'],
    ['PUT', '/restorePoints/[^/?]+\\?'],
  ],
  backup: [['POST', '/backup\\?']],
  undelete: [['PUT', '/protectedItems/[^/?]+\\?']],
  protect: [['PUT', '/jitNetworkAccessPolicies/[^/?]+\\?']],
  unprotect: [['DELETE', '/jitNetworkAccessPolicies/[^/?]+\\?']],
  access: [['POST', '/initiate\\?']],
  assess: [['POST', '/assessPatches\\?']],
  revoke: [['POST', '/endGetAccess\\?']],
  stop: [['POST', '/deallocate\\?']],
  start: [['POST', '/start\\?']],
  install: [['POST', '/installPatches\\?']],
  script: [['PUT', '/runCommands/[^/?]+\\?']],
  unscript: [['DELETE', '/runCommands/[^/?]+\\?']],
  take: [['DELETE', '/roleAssignments/[^/?]+\\?']],
  give: [['PUT', '/roleAssignments/[^/?]+\\?']],
  readdress: [['PUT', '/networkInterfaces/[^/?]+\\?']],
  upload: [
    ['PUT', '^/blob/.*comp=block$'],
    ['PUT', '^/blob/.*comp=blocklist$'],
  ],
  say: [['PUT', '/comments/[^/?]+\\?']],
  unsay: [['DELETE', '/comments/[^/?]+\\?']],
  copy: [
    ['PATCH', '/snapshots/[^/?]+\\?'],
    ['POST', '/beginGetAccess\\?'],
    ['POST', '/endGetAccess\\?'],
  ],
};

/** What a playbook sends, and what undoing it does. */
const sent: Record<string, { run: readonly string[]; undo: readonly string[] }> = {
  'lock-nsg': { run: ['lock'], undo: ['unlock'] },
  'contain-brute-force': { run: ['snapshot', 'backup', 'lock', 'lock'], undo: ['unlock'] },
  'snapshot-disks': { run: ['snapshot', 'together'], undo: [] },
  'trigger-backup': { run: ['backup'], undo: [] },
  'undelete-backup': { run: ['undelete'], undo: [] },
  'enable-jit': { run: ['protect'], undo: ['unprotect'] },
  'request-jit': { run: ['access'], undo: [] },
  'assess-patches': { run: ['assess'], undo: [] },
  'revoke-disk-links': { run: ['revoke'], undo: [] },
  deallocate: { run: ['stop'], undo: ['start'] },
  'disable-account': { run: ['script'], undo: ['script', 'unscript'] },
  'install-patches': { run: ['install'], undo: [] },
  'collect-volatile': { run: ['script'], undo: ['unscript'] },
  'cut-identity': { run: ['take'], undo: ['give'] },
  'remove-public-ip': { run: ['readdress'], undo: ['readdress'] },
  'export-disk': { run: ['copy'], undo: [] },
  'export-to-blob': { run: ['upload', 'upload', 'copy'], undo: [] },
  'collect-to-blob': { run: ['script'], undo: ['unscript'] },
  'post-comment': { run: ['say'], undo: ['unsay'] },
  release: { run: ['lock'], undo: ['unlock'] },
};

/** One fault among the requests that a run or an undo sends, with its description. */
function faultOf(
  next: () => number,
  during: 'run' | 'undo',
  groups: readonly string[],
): { fault: Fault; text: string } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const [method, path] = pick(changes[pick(groups)] ?? []);
  const kind = pick(kinds.filter(({ methods }) => methods.includes(method)));
  const reading = kind.methods.includes('GET') && next() < 0.4;
  const polls = reading && next() < 0.5;
  const after = Math.floor(next() * (reading ? 20 : 3) * (next() < 0.4 ? 0 : 1));
  const match = reading
    ? { method: 'GET', ...(polls ? { path: '/(operations|operationResults|backupJobs|instanceView)' } : {}) }
    : { method, path };
  const what = reading ? (polls ? 'a poll' : 'GET') : `${method} ${path.split('/')[1]?.replace(/\W+$/, '')}`;
  return {
    fault: { match, after, times: kind.times ?? 1, effect: kind.effect },
    text: `${kind.name} at ${what} #${after + 1} of the ${during}`,
  };
}

/** The schedule of a seed for a playbook on one of these VMs. */
export function scheduleOf(seed: number, playbook: string, vms: readonly string[]): Schedule {
  const next = seeded(seed * 7919 + playbook.length * 104_729 + playbook.charCodeAt(0));
  const { run = [], undo = [] } = sent[playbook] ?? {};
  const inUndo = undo.length > 0 && next() < 0.4;
  const inRun = !inUndo || next() < 0.3;
  const some = (during: 'run' | 'undo', groups: readonly string[]) =>
    Array.from({ length: next() < 0.25 ? 2 : 1 }, () => faultOf(next, during, groups));
  const faults = inRun ? some('run', run) : [];
  const undoFaults = inUndo ? some('undo', undo) : [];
  const diesAt = inRun && next() < 0.3 ? 1 + Math.floor(next() * 70) : null;
  const undoDiesAt = inUndo && next() < 0.3 ? 1 + Math.floor(next() * 50) : null;
  const deaths = [
    ...(diesAt === null ? [] : [`killed at ${diesAt} of the run`]),
    ...(undoDiesAt === null ? [] : [`killed at ${undoDiesAt} of the undo`]),
  ];
  return {
    seed,
    playbook,
    vm: vms[Math.floor(next() * vms.length)] as string,
    text: [...faults, ...undoFaults]
      .map(({ text }) => text)
      .concat(deaths)
      .join(', '),
    faults: faults.map(({ fault }) => fault),
    undoFaults: undoFaults.map(({ fault }) => fault),
    latency: next() < 0.5 ? 'none' : 'realistic',
    diesAt,
    undoDiesAt,
    again: next() < 0.2,
    undoneAtOnce: diesAt !== null && next() < 0.5,
  };
}

export const titleOf = ({ playbook, seed, text, vm, latency }: Schedule): string =>
  `${playbook}${seed === 0 ? '' : `, seed ${seed}`}: ${text} on ${vm} (${latency})`;

/** A death at each place of a run, and of the undo after a run. */
export function killsOf(playbook: string, vm: string, places: { run: number; undo: number }): Schedule[] {
  const quiet = { seed: 0, playbook, vm, faults: [], undoFaults: [], latency: 'none', again: false } as const;
  const lives = { diesAt: null, undoDiesAt: null, undoneAtOnce: false };
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
  return [
    ...upTo(places.run).map((at) => ({
      ...quiet,
      ...lives,
      text: `killed at ${at} of the run`,
      diesAt: at,
      undoneAtOnce: at % 2 === 1,
    })),
    ...upTo(places.undo).map((at) => ({ ...quiet, ...lives, text: `killed at ${at} of the undo`, undoDiesAt: at })),
  ];
}
