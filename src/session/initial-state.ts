import type { SessionState } from './state.ts';

/** How the workbench looks when it begins. */
export interface StartOptions {
  readOnly: boolean;
  /** Seconds between readings that begin by themselves, once they are switched on. */
  refreshSeconds?: number;
  /** They are switched on from the start. */
  autoRefresh?: boolean;
  columns?: readonly string[];
  localTime?: boolean;
  /** The scope that is read: "contoso-prod +1 subscription". */
  scope: string;
}

/** The list of VMs before anything of it was read. */
export const nothingListed: SessionState['scan'] = {
  rows: [],
  notSeen: [],
  state: 'loading',
  because: '',
  asOf: '',
  notListed: null,
};

/** The state before anything was read or pressed. */
export function initialState(options: StartOptions, now: Date, demo: boolean): SessionState {
  return {
    now,
    columns: 80,
    rows: 24,
    readOnly: options.readOnly,
    demo,
    scope: options.scope,
    identity: null,
    choices: null,
    layers: [{ kind: 'suspects' }],
    scan: nothingListed,
    filter: '',
    sort: 'suspicion',
    reversed: false,
    redraws: 0,
    marked: new Set(),
    selectedVm: null,
    triages: new Map(),
    incidents: new Map(),
    cases: new Map(),
    logs: new Map(),
    logReport: null,
    traces: new Map(),
    around: new Map(),
    offers: [],
    runs: [],
    acts: [],
    halfDone: [],
    typed: '',
    typing: { fromEnd: 0, recalled: 0 },
    entered: new Map(),
    autoRefresh: options.autoRefresh === true ? (options.refreshSeconds ?? null) : null,
    columnsWanted: options.columns ?? null,
    localTime: options.localTime === true,
    refusal: '',
    toast: null,
    signIn: '',
    asked: { key: '', shown: false, readable: false, declined: false },
    lastKey: { name: '', at: Number.NEGATIVE_INFINITY, held: false },
    awaited: false,
    closing: false,
  };
}
