import { burstKinds } from '../src/documents/burst-kinds.ts';
import { severityOf } from '../src/documents/severity.ts';
import type { Severity } from '../src/documents/triage.ts';
import { portWithProtocol } from '../src/network/port-text.ts';
import type { Pane } from '../src/session/state.ts';
import { count, counted } from '../src/text/counts.ts';
import { sameDay } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { blank, type Line, line, type Span, span } from './line.ts';
import { severityMark } from './marks.ts';

const thing = (severity: Severity | 'unknown', text: string): Span[] => [severityMark(severity), span(` ${text}  `)];
const nothing = (text: string): Line => line(span(mark.low, 'dim'), ` ${text}`);

function portsSummary(part: TriageInProgress): Line {
  const ports = part.exposure?.state === 'known' ? part.exposure.value.ports : [];
  if (ports.length === 0) return nothing('no port is open to the Internet');
  return line(
    ...ports.flatMap((port, at) => {
      const severity = severityOf(part.findings, `exposure.ports[${at}]`) ?? 'low';
      return thing(severity, `${portWithProtocol(port).replace('/tcp', '')} ${port.service || '?'}`);
    }),
  );
}

function logonsSummary(part: TriageInProgress, now: Date): Line {
  if (part.logons?.state !== 'known') return blank;
  const { bursts, failures } = part.logons.value;
  if (bursts.length === 0)
    return nothing(failures === 0 ? 'no failed logon' : `${count(failures)} failed logons, no burst`);
  return line(
    ...bursts.flatMap((burst, at) => {
      const won = burst.success.state === 'known' ? burst.success.value : null;
      const severity = severityOf(part.findings, `logons.bursts[${at}]`) ?? (won ? 'critical' : 'medium');
      const ended = won
        ? `, then ${won.account} IN ${sameDay(won.at, now)}`
        : burst.success.state === 'unknown'
          ? ', success ?'
          : '';
      return thing(severity, `${count(burst.failures)} ${burstKinds[burst.kind].short}${ended}`);
    }),
  );
}

function patchesSummary(part: TriageInProgress): Line {
  if (part.patches?.state !== 'known') return blank;
  const { missing, rebootPending } = part.patches.value;
  const critical = missing.filter(({ classification }) => /critical/i.test(classification)).length;
  const security = missing.filter(({ classification }) => /security/i.test(classification)).length;
  const holes = part.posture.software?.state === 'known' ? part.posture.software.value.vulnerabilities.length : 0;
  if (missing.length === 0 && holes === 0) return nothing('no update was missing when it was assessed');
  return line(
    ...(critical > 0 ? thing('critical', `${count(critical)} critical`) : []),
    ...(security > 0 ? thing('high', `${count(security)} security`) : []),
    ...(holes > 0 ? thing('high', counted(holes, 'vulnerability', 'vulnerabilities')) : []),
    ...(rebootPending ? thing('medium', 'reboot pending') : []),
  );
}

/** What a pane holds, in one row; what is not known or still awaited says so. */
export function paneSummary(part: TriageInProgress, pane: Exclude<Pane, 'posture'>, now: Date): Line {
  const fact = { ports: part.exposure, logons: part.logons, patches: part.patches }[pane];
  if (!fact) return line(span(`${mark.loading} asking`, 'dim'));
  if (fact.state === 'unknown') return line(span(`${mark.unknown} not known: ${fact.because}`, 'unknown'));
  if (pane === 'ports') return portsSummary(part);
  return pane === 'logons' ? logonsSummary(part, now) : patchesSummary(part);
}
