import { instantAt, type Json, numberAt, textAt } from '../../arm/json.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact, WhyUnknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Recommendations, SecureScore, VirtualMachine } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import type { Connection } from '../client/connection.ts';
import { securityReader, unknownFrom } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import type { ServersPlan } from './defender-plan.ts';
import { isUpdateCategory } from './vulnerabilities.ts';

const scoreSource = 'Resource Graph · securityresources (secure score)';
const adviceSource = 'Resource Graph · securityresources (recommendations)';

function controlOf(row: Json): SecureScore['controls'][number] {
  return {
    name: textAt(row, 'display'),
    current: numberAt(row, 'current') ?? 0,
    max: numberAt(row, 'max') ?? 0,
    healthy: numberAt(row, 'healthy') ?? 0,
    unhealthy: numberAt(row, 'unhealthy') ?? 0,
    notApplicable: numberAt(row, 'notApplicable') ?? 0,
  };
}

/** Why there is no row: the plan distinguishes "nothing there" from "may not be read". */
function noRow(what: string, plan: ServersPlan): [why: WhyUnknown, because: string, cure: string] {
  return plan.servers === 'unreadable'
    ? [
        'hidden',
        `${what} can be read: Defender for Cloud is not used here, or you may not read it`,
        'ask for Security Reader',
      ]
    : ['silent', `${what} is there yet`, 'wait: Defender for Cloud makes it within a day of being switched on'];
}

/** The subscription's Secure Score and its controls. It is not this VM's. */
export async function readSecureScore(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
  signal?: AbortSignal,
): Promise<Fact<SecureScore>> {
  try {
    const query = await loadQuery('secure-score');
    const { rows, truncated } = await queryGraph(connection, query, [vm.subscriptionId], signal);
    const scores = rows.filter((row) => textAt(row, 'type').endsWith('/securescores'));
    const row = scores.find((candidate) => textAt(candidate, 'name').toLowerCase() === 'ascscore') ?? scores[0];
    const percentage = numberAt(row, 'percentage');
    if (!row || percentage === undefined) {
      return unknown(...noRow('no Secure Score of the subscription', await plan), scoreSource);
    }
    return known(
      {
        subscription: vm.subscriptionName,
        percentage: Math.round(percentage * 100),
        current: numberAt(row, 'current') ?? 0,
        max: numberAt(row, 'max') ?? 0,
        controls: rows
          .filter((candidate) => textAt(candidate, 'type').endsWith('/securescorecontrols'))
          .map(controlOf)
          .sort((a, b) => b.max - b.current - (a.max - a.current) || a.name.localeCompare(b.name)),
      },
      {
        source: scoreSource,
        asOf: connection.clock.now().toISOString(),
        coverage: `the subscription ${vm.subscriptionName}, not this VM`,
        notSeen: truncated ? [truncated] : [],
      },
    );
  } catch (error) {
    return unknownFrom(error, scoreSource, securityReader);
  }
}

const severityRank = ['high', 'medium', 'low'];
const rankOf = (severity: string) => {
  const rank = severityRank.indexOf(severity.toLowerCase());
  return rank === -1 ? severityRank.length : rank;
};

type Advice = Recommendations['unhealthy'][number];

function adviceOf(row: Json): Advice {
  return {
    id: textAt(row, 'id'),
    name: textAt(row, 'name'),
    severity: textAt(row, 'severity'),
    since: instantAt(row, 'since'),
    cause: textAt(row, 'cause'),
  };
}

/**
 * The programs to update, in one line: since 2026 each is a recommendation of its own, hundreds a VM, and is with its
 * CVEs under software. null when none is open.
 */
function updatesTogether(rows: readonly Json[]): Advice | null {
  const open = rows.filter((row) => /^unhealthy$/i.test(textAt(row, 'state'))).map(adviceOf);
  const [worst] = open.sort((a, b) => rankOf(a.severity) - rankOf(b.severity) || a.name.localeCompare(b.name));
  if (!worst) return null;
  if (open.length === 1) return worst;
  const oldest = open.flatMap(({ since }) => since ?? []).sort()[0] ?? null;
  return {
    ...worst,
    name: `Vulnerable programs should be updated (${count(open.length)})`,
    since: oldest,
    cause: worst.name,
  };
}

/** What Defender for Cloud recommends for this VM. No row at all means that nothing was judged, not that all is well. */
export async function readRecommendations(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
  signal?: AbortSignal,
): Promise<Fact<Recommendations>> {
  try {
    const query = withLiterals(await loadQuery('recommendations'), { _machine: kqlString(vm.id.toLowerCase()) });
    const { rows, truncated } = await queryGraph(connection, query, [vm.subscriptionId], signal);
    if (rows.length === 0) {
      const set = scaleSetInstanceOf(vm.id)?.scaleSetName;
      if (set) {
        const because = `no recommendation for this instance: Defender for Cloud judges its scale set ${set}`;
        return unknown('silent', because, `look at the recommendations for ${set} in Defender for Cloud`, adviceSource);
      }
      return unknown(...noRow('no recommendation for this VM', await plan), adviceSource);
    }
    const isUpdate = (row: Json) => isUpdateCategory(textAt(row, 'category'));
    const judged = rows.filter((row) => !isUpdate(row));
    const updates = updatesTogether(rows.filter(isUpdate));
    const of = (state: RegExp) => judged.filter((row) => state.test(textAt(row, 'state')));
    return known(
      {
        unhealthy: [...of(/^unhealthy$/i).map(adviceOf), ...(updates ? [updates] : [])].sort(
          (a, b) => rankOf(a.severity) - rankOf(b.severity) || a.name.localeCompare(b.name),
        ),
        healthy: of(/^healthy$/i).length,
        notApplicable: of(/^notapplicable$/i).length,
      },
      {
        source: adviceSource,
        asOf: connection.clock.now().toISOString(),
        coverage: `${rows.length} recommendations that were judged on this VM`,
        notSeen: truncated ? [truncated] : [],
      },
    );
  } catch (error) {
    return unknownFrom(error, adviceSource, securityReader);
  }
}
