import type { Fact } from '../documents/fact.ts';
import type { TriageDocument, VirtualMachine } from '../documents/triage.ts';
import { nothingYet, type TriageInProgress } from '../session/ports.ts';
import { unknown } from '../triage/fact.ts';
import { judge } from '../triage/findings.ts';
import { readBackup } from './backup.ts';
import type { Connection } from './connection.ts';
import { readAlerts, readJit, readSecureScore, readSoftware } from './defender.ts';
import { azureError } from './failure.ts';
import { readIdentityPosture } from './identity-posture.ts';
import type { LogonOptions } from './logon-queries.ts';
import { readLogons } from './logons.ts';
import { firewallOf, type NetworkReading, readExposure } from './network.ts';
import { readPatches } from './patches.ts';

export interface Triage {
  document: TriageDocument;
  /** The network configuration behind the exposure, for its explanation. */
  network: NetworkReading | undefined;
}

/** Findings of a triage so far. */
export function findingsOf(part: TriageInProgress, now: Date) {
  const { vm, exposure, logons, patches, posture } = part;
  return judge({
    os: vm.os,
    now,
    exposure,
    logons,
    patches,
    alerts: posture.alerts,
    secureScore: posture.secureScore,
    jit: posture.jit,
    identity: posture.identity,
    software: posture.software,
    backup: posture.backup,
    firewall: posture.firewall,
  });
}

/**
 * The three questions and the posture of one machine. Every read starts at once; `onProgress` gets the whole picture
 * each time an answer arrives. Azure's refusals become unknown facts.
 */
export async function readTriage(
  connection: Connection,
  vm: VirtualMachine,
  onProgress: (part: TriageInProgress) => void,
  options: LogonOptions = {},
): Promise<Triage> {
  const { signal } = options;
  let network: NetworkReading | undefined;
  let part = nothingYet(vm);
  const update = (
    change: Partial<Omit<TriageInProgress, 'posture' | 'findings'>> & {
      posture?: Partial<TriageInProgress['posture']>;
    },
  ) => {
    const next = { ...part, ...change, posture: { ...part.posture, ...change.posture } };
    part = { ...next, findings: findingsOf(next, connection.clock.now()) };
    if (!signal?.aborted) onProgress(part);
  };
  /** A defect in one reader must not cost the others' answers; it is shown as what it is. */
  const guarded = async <T>(source: string, read: Promise<Fact<T>>): Promise<Fact<T>> => {
    try {
      return await read;
    } catch (error) {
      return unknown(
        `cordon could not read it: ${azureError(error).message}`,
        'refresh; if it stays, report it',
        source,
      );
    }
  };
  const exposureRead = readExposure(
    connection,
    vm,
    (fact, reading) => {
      network = reading;
      update({ exposure: fact, vm: { ...vm, publicAddresses: reading.publicAddresses } });
    },
    signal,
  );
  const [exposure, logons, patches, alerts, secureScore, jit, identity, software, backup] = await Promise.all([
    guarded(
      'Azure Resource Manager · network configuration',
      exposureRead.then(({ fact }) => fact),
    ).then((fact) => {
      update({ exposure: fact });
      return fact;
    }),
    guarded('Log Analytics', readLogons(connection, vm, options)).then((fact) => {
      update({ logons: fact });
      return fact;
    }),
    guarded('Resource Graph', readPatches(connection, vm, signal)).then((fact) => {
      update({ patches: fact });
      return fact;
    }),
    guarded('Defender for Cloud', readAlerts(connection, vm, signal)).then((fact) => {
      update({ posture: { alerts: fact } });
      return fact;
    }),
    guarded('Defender for Cloud', readSecureScore(connection, vm, signal)).then((fact) => {
      update({ posture: { secureScore: fact } });
      return fact;
    }),
    guarded('Defender for Cloud', readJit(connection, vm)).then((fact) => {
      update({ posture: { jit: fact } });
      return fact;
    }),
    guarded('Azure Resource Manager', readIdentityPosture(connection, vm)).then((fact) => {
      update({ posture: { identity: fact } });
      return fact;
    }),
    guarded('Defender for Cloud', readSoftware(connection, vm, signal)).then((fact) => {
      update({ posture: { software: fact } });
      return fact;
    }),
    guarded('Azure Backup', readBackup(connection, vm)).then((fact) => {
      update({ posture: { backup: fact } });
      return fact;
    }),
  ]);
  const asOf = connection.clock.now().toISOString();
  const firewall = network
    ? firewallOf(network, exposure, asOf)
    : unknown(
        'the network configuration could not be read',
        'ask for Reader on the network',
        'Resource Graph · resources',
      );
  update({ posture: { firewall } });
  return {
    document: {
      schema: 'cordon.triage/1',
      asOf,
      vm: part.vm,
      exposure,
      logons,
      patches,
      posture: { alerts, secureScore, jit, identity, software, backup, firewall },
      findings: part.findings,
    },
    network,
  };
}
