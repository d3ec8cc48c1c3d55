import type { VirtualMachine } from '../documents/triage.ts';
import { timeLineOf } from '../triage/time-line.ts';
import { type Holder, sentence } from './holder.ts';
import { nothingYet, type Reader, type TriageInProgress } from './ports.ts';
import type { TriageSlot } from './state.ts';

/** New answers over old ones: what is not answered again yet keeps its old answer, whose age is on screen. */
function merge(old: TriageInProgress, part: TriageInProgress): TriageInProgress {
  const complete = part.exposure !== null && part.logons !== null && part.patches !== null;
  const merged = {
    vm: part.vm,
    exposure: part.exposure ?? old.exposure,
    logons: part.logons ?? old.logons,
    patches: part.patches ?? old.patches,
    installations: part.installations ?? old.installations,
    knownExploited: part.knownExploited ?? old.knownExploited,
    posture: {
      alerts: part.posture.alerts ?? old.posture.alerts,
      secureScore: part.posture.secureScore ?? old.posture.secureScore,
      recommendations: part.posture.recommendations ?? old.posture.recommendations,
      jit: part.posture.jit ?? old.posture.jit,
      identity: part.posture.identity ?? old.posture.identity,
      software: part.posture.software ?? old.posture.software,
      backup: part.posture.backup ?? old.posture.backup,
      firewall: part.posture.firewall ?? old.posture.firewall,
      activity: part.posture.activity ?? old.posture.activity,
    },
    findings: complete || part.findings.length >= old.findings.length ? part.findings : old.findings,
  };
  return { ...merged, timeLine: timeLineOf({ ...merged.posture, logons: merged.logons }) };
}

/** Reads one machine's triage at a time for each machine; a new reading ends the one before it. */
export function machineReading(holder: Holder, reader: Reader, arrived: (part: TriageInProgress) => void) {
  const latest = new Map<string, AbortController>();

  function put(vmId: string, slot: TriageSlot): void {
    holder.set({ triages: new Map(holder.get().triages).set(vmId, slot) });
  }

  function read(vm: VirtualMachine): void {
    latest.get(vm.id)?.abort();
    const controller = new AbortController();
    latest.set(vm.id, controller);
    const before = holder.get().triages.get(vm.id);
    const base = before?.part ?? nothingYet(vm);
    const busy = before ? 'refreshing' : 'loading';
    const take = (part: TriageInProgress, state: TriageSlot['state']) => {
      put(vm.id, { vm: part.vm, part, state, because: '' });
      arrived(part);
    };
    take(base, busy);
    const current = () => latest.get(vm.id) === controller && !controller.signal.aborted;
    reader
      .triage(
        vm,
        (part) => {
          if (current()) take(merge(base, part), busy);
        },
        controller.signal,
      )
      .then(
        ({ schema: _, asOf: __, ...read }) => {
          if (current()) take(read, 'done');
        },
        (error: unknown) => {
          const slot = holder.get().triages.get(vm.id);
          if (current() && slot) put(vm.id, { ...slot, state: 'failed', because: sentence(error) });
        },
      );
  }

  return {
    read,
    stop() {
      for (const controller of latest.values()) controller.abort();
    },
  };
}
