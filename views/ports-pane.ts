import { severityOf } from '../src/documents/severity.ts';
import type { ExposedPort } from '../src/documents/triage.ts';
import { portWithProtocol } from '../src/network/port-text.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { loadingRows, notSeenRows, unknownRows } from './fact-rows.ts';
import { type Line, line, ofItem, span } from './line.ts';
import { severityMark, severityTone } from './marks.ts';
import { breadthText, nameOfId } from './words.ts';

const levels = { nic: 'at NIC', subnet: 'at subnet', admin: 'by network manager' } as const;

/** Which rule lets it in, in one row. */
function decidedText(port: ExposedPort): string {
  const way = wayText(port);
  const rules = port.decidedBy.map(
    (rule) => `${nameOfId(rule.nsg)}/${rule.rule} ${rule.priority} ${levels[rule.level]}`,
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

/** The pane that answers: how can the Internet reach this VM? */
export function portsRows(part: TriageInProgress, width: number): Line[] {
  const fact = part.exposure;
  if (!fact) return loadingRows('reading interfaces and rules');
  if (fact.state === 'unknown') return unknownRows(fact, width);
  const { ports, disagreements, secondOpinion } = fact.value;
  const rows: Line[] = [];
  const serviceWidth = Math.min(9, Math.max(1, ...ports.map((port) => (port.service || '?').length)));
  for (const [at, port] of ports.entries()) {
    const severity = severityOf(part.findings, `exposure.ports[${at}]`) ?? 'low';
    const service = (port.service || '?').padEnd(serviceWidth);
    rows.push(
      ofItem(
        line(
          ' ',
          severityMark(severity),
          ' ',
          span(portWithProtocol(port).padEnd(9), severityTone(severity), severity === 'critical'),
          `  ${service}  `,
          breadthText(port.sources),
        ),
        at,
      ),
      ofItem(line(span(`     ${decidedText(port)}`, 'dim')), at),
    );
    if (port.service === '' && port.protocol === 'tcp') {
      const name = part.vm.os === 'windows' ? 'RDP' : 'SSH';
      rows.push(ofItem(line(span(`     may carry ${name}: nothing else is known`, 'dim')), at));
    }
    if (port.agrees === 'disagrees') {
      rows.push(ofItem(line(span(`     ${mark.failed} Azure's effective rules say otherwise`, 'critical')), at));
    }
  }
  if (ports.length === 0) {
    rows.push(line(span(` ${mark.low} `, 'dim'), 'No port is open to the Internet,'));
    rows.push(line(`   by ${fact.source}.`));
  }
  rows.push(line(''));
  for (const one of disagreements) {
    rows.push(
      line(span(` ${mark.failed} ${one.protocol} ${one.ports}: cordon ${one.cordon}, Azure ${one.azure}`, 'critical')),
    );
  }
  const same = secondOpinion.filter((opinion) => opinion.result === 'the same');
  if (disagreements.length === 0 && same.length > 0) {
    rows.push(
      line(
        span(` ${mark.verified} `, 'good'),
        `Azure's effective rules agree${same.length === 1 ? '' : ` (${same.length} NICs)`}`,
      ),
    );
  }
  for (const opinion of secondOpinion) {
    if (opinion.result === 'the same') continue;
    rows.push(
      line(
        span(` ${mark.unknown} ${nameOfId(opinion.networkInterface)}: effective rules ${opinion.result}`, 'unknown'),
      ),
    );
  }
  return [...rows, ...notSeenRows(fact.notSeen, width)];
}
