import { shortName } from '../src/arm/resource-id.ts';
import { severityOf } from '../src/documents/severity.ts';
import type { ExposedPort, Exposure } from '../src/documents/triage.ts';
import { portWithProtocol } from '../src/network/port-text.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { loadingRows, notSeenRows, unknownRows } from './fact-rows.ts';
import { type Line, line, ofItem, span } from './line.ts';
import { severityMark, severityTone } from './marks.ts';
import { breadthText } from './words.ts';

const levels = { nic: 'at NIC', subnet: 'at subnet', admin: 'by network manager' } as const;

/** Which rule lets it in, in one row. */
function decidedText(port: ExposedPort): string {
  const way = wayText(port);
  const rules = port.decidedBy.map(
    (rule) => `${shortName(rule.nsg)}/${rule.rule} ${rule.priority} ${levels[rule.level]}`,
  );
  const decided = rules.length === 0 ? 'no network security group in the way' : rules.join('; ');
  return way === '' ? decided : `${way} · ${decided}`;
}

/** How it gets there when it is not simply the VM's own public address. */
function wayText(port: ExposedPort): string {
  const moved = port.frontend.from !== port.from ? ` ${port.frontend.from}→${port.from}` : '';
  switch (port.via) {
    case 'public-ip':
      return '';
    case 'nat-rule':
      return `nat${moved}`;
    case 'load-balancer':
      return `load balancer${moved}`;
    case 'firewall-dnat':
      return `firewall${moved}`;
    case 'application-gateway':
      return `application gateway${moved}`;
  }
}

function portRows(part: TriageInProgress, port: ExposedPort, at: number, serviceWidth: number): Line[] {
  const severity = severityOf(part.findings, `exposure.ports[${at}]`) ?? 'low';
  const rows = [
    line(
      ' ',
      severityMark(severity),
      ' ',
      span(portWithProtocol(port).padEnd(9), severityTone(severity), severity === 'critical'),
      `  ${(port.service || '?').padEnd(serviceWidth)}  `,
      breadthText(port.sources),
    ),
    line(span(`     ${decidedText(port)}`, 'dim')),
  ];
  if (port.service === '' && port.protocol === 'tcp') {
    const name = part.vm.os === 'windows' ? 'RDP' : 'SSH';
    rows.push(line(span(`     may carry ${name}: nothing else is known`, 'dim')));
  }
  if (port.agrees === 'disagrees') {
    rows.push(line(span(`     ${mark.failed} Azure's effective rules say otherwise`, 'critical')));
  }
  return rows.map((row) => ofItem(row, at));
}

/** What Azure's own effective rules say about the interfaces, beside what cordon decides. */
function secondOpinionRows({ disagreements, secondOpinion }: Exposure): Line[] {
  const rows = disagreements.map((one) =>
    line(span(` ${mark.failed} ${one.protocol} ${one.ports}: cordon ${one.cordon}, Azure ${one.azure}`, 'critical')),
  );
  const same = secondOpinion.filter((opinion) => opinion.result === 'the same');
  if (disagreements.length === 0 && same.length > 0) {
    const nics = same.length === 1 ? '' : ` (${same.length} NICs)`;
    rows.push(line(span(` ${mark.verified} `, 'good'), `Azure's effective rules agree${nics}`));
  }
  for (const { networkInterface, result } of secondOpinion.filter((opinion) => opinion.result !== 'the same')) {
    rows.push(line(span(` ${mark.unknown} ${shortName(networkInterface)}: effective rules ${result}`, 'unknown')));
  }
  return rows;
}

/** The pane that answers: how can the Internet reach this VM? */
export function portsRows(part: TriageInProgress, width: number): Line[] {
  const fact = part.exposure;
  if (!fact) return loadingRows('reading interfaces and rules');
  if (fact.state === 'unknown') return unknownRows(fact, width);
  const { ports } = fact.value;
  const serviceWidth = Math.min(9, Math.max(1, ...ports.map((port) => (port.service || '?').length)));
  const none = [line(span(` ${mark.low} `, 'dim'), 'No port is open to the Internet,'), line(`   by ${fact.source}.`)];
  return [
    ...(ports.length === 0 ? none : ports.flatMap((port, at) => portRows(part, port, at, serviceWidth))),
    line(''),
    ...secondOpinionRows(fact.value),
    ...notSeenRows(fact.notSeen, width),
  ];
}
