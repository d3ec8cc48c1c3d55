import type { Fault } from '../../src/simulator/faults.ts';

/** Numbers from 0 to 1 that are the same for a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What goes wrong in one run, from a seed. */
export interface Schedule {
  seed: number;
  playbook: string;
  vm: string;
  /** A name for the test's report: "lost PUT #2". */
  text: string;
  faults: Fault[];
  /** The entry of the case file after which the process dies; null when it lives. */
  diesAfter: number | null;
  /** The faults are there while it runs, or while it is undone. */
  during: 'run' | 'undo';
  /** Azure never says how the operation ended: nothing can be known of it. */
  neverEnds: boolean;
}

const page = (status: number): Fault['effect'] => ({
  replace: { status, body: '<html>captive portal</html>', contentType: 'text/html', azures: false },
});
const gateway = (status: number): Fault['effect'] => ({
  replace: { status, body: '{"error":{"code":"X","message":"x"}}', contentType: 'application/json', azures: true },
});

const kinds: readonly { name: string; methods: readonly string[]; effect: Fault['effect']; times?: number }[] = [
  { name: 'answer lost', methods: ['PUT', 'POST', 'DELETE'], effect: { drop: 'answer' } },
  { name: 'request lost', methods: ['PUT', 'POST', 'DELETE', 'GET'], effect: { drop: true } },
  { name: 'delayed', methods: ['PUT', 'POST', 'DELETE', 'GET'], effect: { delayMs: 60 } },
  { name: 'page with 200', methods: ['PUT', 'POST', 'DELETE'], effect: page(200) },
  { name: 'page with 403', methods: ['PUT', 'POST', 'DELETE'], effect: page(403) },
  { name: '502 after it was done', methods: ['PUT', 'POST', 'DELETE'], effect: gateway(502) },
  { name: '408 after it was done', methods: ['PUT', 'POST', 'DELETE'], effect: gateway(408) },
  {
    name: '503 before it was done',
    methods: ['PUT', 'POST', 'DELETE'],
    effect: { status: 503, code: 'X', message: 'x' },
  },
  { name: 'delivered twice', methods: ['PUT', 'DELETE'], effect: { repeat: true } },
  { name: 'claims challenge', methods: ['PUT', 'POST', 'DELETE'], effect: { challenge: true } },
  {
    name: 'busy',
    methods: ['PUT', 'DELETE'],
    effect: { status: 409, code: 'AnotherOperationInProgress', message: 'x' },
  },
  {
    name: 'throttled',
    methods: ['PUT', 'POST', 'DELETE'],
    effect: { status: 429, code: 'TooManyRequests', message: 'x' },
  },
  { name: 'refused', methods: ['PUT', 'POST', 'DELETE'], effect: { status: 400, code: 'BadRequest', message: 'x' } },
  {
    name: 'role expires',
    methods: ['PUT', 'POST', 'DELETE'],
    effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
    times: 1000,
  },
  {
    name: 'operation fails',
    methods: ['PUT', 'POST', 'DELETE'],
    effect: { failOperation: { code: 'Internal', message: 'x' } },
  },
  { name: 'operation cancelled', methods: ['PUT', 'POST', 'DELETE'], effect: { cancelOperation: true } },
  { name: 'operation never ends', methods: ['PUT', 'POST'], effect: { hangOperation: true } },
];

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
  backup: [['POST', '/backup\\?']],
  protect: [['PUT', '/jitNetworkAccessPolicies/[^/?]+\\?']],
  unprotect: [['DELETE', '/jitNetworkAccessPolicies/[^/?]+\\?']],
  access: [['POST', '/initiate\\?']],
  assess: [['POST', '/assessPatches\\?']],
};

/** What a playbook sends, and what undoing it does. */
const sent: Record<string, { run: readonly string[]; undo: readonly string[] }> = {
  'lock-nsg': { run: ['lock'], undo: ['unlock'] },
  'contain-brute-force': { run: ['snapshot', 'backup', 'lock', 'lock'], undo: ['unlock'] },
  'snapshot-disks': { run: ['snapshot'], undo: [] },
  'trigger-backup': { run: ['backup'], undo: [] },
  'enable-jit': { run: ['protect'], undo: ['unprotect'] },
  'request-jit': { run: ['access'], undo: [] },
  'assess-patches': { run: ['assess'], undo: [] },
};

/** The schedule of a seed for a playbook on one of these VMs. */
export function scheduleOf(seed: number, playbook: string, vms: readonly string[]): Schedule {
  const next = random(seed * 7919 + playbook.length * 104_729 + playbook.charCodeAt(0));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const { run = [], undo = [] } = sent[playbook] ?? {};
  const during = undo.length > 0 && next() < 0.35 ? 'undo' : 'run';
  const [method, path] = pick(changes[pick(during === 'run' ? run : undo)] ?? []);
  const kind = pick(kinds.filter(({ methods }) => methods.includes(method)));
  const reading = kind.methods.includes('GET') && next() < 0.3;
  const after = Math.floor(next() * (reading ? 12 : 2) * (next() < 0.5 ? 0 : 1));
  const diesAfter = next() < 0.25 ? 2 + Math.floor(next() * 14) : null;
  const match = reading ? { method: 'GET' as const } : { method: method as 'PUT', path };
  return {
    seed,
    playbook,
    vm: pick(vms),
    text: `${kind.name} at ${reading ? 'GET' : `${method} ${path.split('/')[1]?.replace(/\W+$/, '')}`} #${after + 1} of the ${during}${diesAfter === null ? '' : `, dies after entry ${diesAfter}`}`,
    faults: [{ match, after, times: kind.times ?? 1, effect: kind.effect }],
    diesAfter,
    during,
    neverEnds: 'hangOperation' in kind.effect,
  };
}
