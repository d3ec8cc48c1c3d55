import { entryInHand } from '../src/session/cases/found-entries.ts';
import { findingAt, foundFindings } from '../src/session/findings-shown.ts';
import { incidentRowInHand, leadsTo } from '../src/session/incident-rows.ts';
import type { Session } from '../src/session/session.ts';
import { drawn, type Layer, type SessionState, top } from '../src/session/state.ts';
import { selectedRow } from '../src/session/suspects.ts';
import { foundMoments, momentAt } from '../src/session/time-line.ts';
import { patchName } from '../src/words/fact-lines.ts';
import { detailOnScreen } from './page-body.ts';
import { postureItems } from './posture-pane.ts';

interface Copied {
  text: string;
  /** Its name. */
  what: string;
}

/** The thing under the cursor of a pane. */
function fromPane(state: SessionState, { vmId, pane, selected }: Extract<Layer, { kind: 'triage' }>): Copied | null {
  const part = state.triages.get(vmId)?.part;
  const index = selected[pane];
  if (!part) return null;
  if (pane === 'ports') {
    const port = part.exposure?.state === 'known' ? part.exposure.value.ports[index] : undefined;
    if (!port) return null;
    const text = port.frontend.from === 0 ? port.frontend.address : `${port.frontend.address}:${port.frontend.from}`;
    return { text, what: text };
  }
  if (pane === 'logons') {
    const sources = (part.logons?.state === 'known' ? part.logons.value.bursts[index]?.sources : undefined) ?? [];
    const text = sources.flatMap(({ address }) => address || []).join('\n');
    return text === '' ? null : { text, what: sources.length === 1 ? text : `${sources.length} addresses` };
  }
  if (pane === 'patches') {
    const missing = part.patches?.state === 'known' ? part.patches.value.missing : [];
    const patch = missing[index];
    if (patch) return { text: patchName(patch), what: patchName(patch) };
    const software = part.posture.software?.state === 'known' ? part.posture.software.value.vulnerabilities : [];
    const one = software[index - missing.length];
    return one ? { text: [one.title, ...one.cves].join(' '), what: one.title } : null;
  }
  const item = postureItems(part, state.now)[index];
  return item ? { text: `${item.name}: ${item.text}`, what: item.name } : null;
}

/** The value under the cursor, as one would paste it elsewhere, and its name; null when there is none. */
export function copyText(
  state: SessionState,
  session: Pick<Session, 'explain'> = { explain: () => [] },
): Copied | null {
  const layer =
    top(state).kind === 'help' || top(state).kind === 'palette' ? (state.layers.at(-2) ?? drawn(state)) : top(state);
  if (layer.kind === 'suspects') {
    const row = selectedRow(state);
    return row ? { text: row.id, what: `the resource id of ${row.name}` } : null;
  }
  if (layer.kind === 'transcript') {
    const entry = entryInHand(state, layer);
    return entry ? { text: JSON.stringify(entry), what: `entry ${entry.seq}` } : null;
  }
  if (layer.kind === 'address') {
    const address = layer.addresses[layer.at] ?? '';
    return address === '' ? null : { text: address, what: address };
  }
  if (layer.kind === 'findings') {
    const found = foundFindings(state, layer);
    const finding = found[findingAt(found, layer.selected)];
    return finding ? { text: `${finding.severity}: ${finding.title}`, what: 'this finding' } : null;
  }
  if (layer.kind === 'incident') {
    const row = incidentRowInHand(state, layer);
    const id = row ? leadsTo(row) || (row.kind === 'lead' ? row.lead.to.id : '') : '';
    return id === '' ? null : { text: id, what: 'the resource id' };
  }
  if (layer.kind === 'time-line') {
    const found = foundMoments(state, layer);
    const entry = found[momentAt(found, layer.selected)];
    return entry
      ? { text: [entry.at, entry.source, entry.text, entry.who, entry.from].join('\t'), what: 'this entry' }
      : null;
  }
  if (layer.kind === 'detail' || layer.kind === 'moment' || layer.kind === 'entry') {
    const detail = detailOnScreen(session, state);
    if (!detail) return null;
    const lines = detail.lines.map(({ label, text }) => `${label}\t${text}`);
    return { text: [detail.title, ...lines].join('\n'), what: 'this detail' };
  }
  return layer.kind === 'triage' ? fromPane(state, layer) : null;
}
