import type { Session } from '../src/session/session.ts';
import { drawn, isPlaybook, type SessionState, top } from '../src/session/state.ts';
import { actSections } from './act-page.ts';
import { actBoxes } from './act-text.ts';
import { detailSections } from './detail-page.ts';
import { smallest, tooSmall } from './layout.ts';
import { fitLine, type Line, line } from './line.ts';
import { chooserPage, findingsPage, helpPage, incidentPage, timeLinePage } from './list-pages.ts';
import type { ListScroll } from './list-scroll.ts';
import { runBoxes } from './page-body.ts';
import { padded } from './page-parts.ts';
import { promptBox, promptHeight, promptOnScreen } from './prompt-text.ts';
import { runSections } from './run-page.ts';
import type { Section } from './sections.ts';
import { footer, status } from './status-rows.ts';
import { suspectsRows } from './suspects-page.ts';
import { transcriptPage } from './transcript-page.ts';
import { triageRows } from './triage-page.ts';

/** The whole screen: sections whose rows together are exactly as many as the terminal has, each exactly as wide. `scroll` is
 * where the suspects list was in the frame before. */
export function screenOf(
  session: Pick<Session, 'explain'>,
  state: SessionState,
  scroll: ListScroll = { top: 0 },
): Section[] {
  const { columns, rows } = state;
  if (tooSmall(columns, rows)) {
    const notice = `cordon needs ${smallest.columns}x${smallest.rows}, this is ${columns}x${rows}. q quits.`;
    return [{ kind: 'rows', rows: padded([line(notice)], rows, columns) }];
  }
  const layer = drawn(state);
  const ends = [fitLine(status(state), columns), footer(state)];
  if (isPlaybook(layer)) {
    const { prompt } = layer.kind === 'run' ? runBoxes(state) : actBoxes(state);
    const sections = layer.kind === 'run' ? runSections(state) : actSections(state);
    return [...sections, { kind: 'rows', rows: [...promptBox(state, prompt.height), ...ends] }];
  }
  const height = rows - 2;
  const whole = (lines: Line[]): Section[] => {
    const body = padded(lines, height, columns);
    const prompt = promptOnScreen(state);
    if (prompt && top(state).kind === 'confirm') {
      const tall = Math.min(promptHeight(prompt, columns - 2) + 2, height - 2);
      body.splice(height - tall, tall, ...promptBox(state, tall));
    }
    return [{ kind: 'rows', rows: [...body, ...ends] }];
  };
  switch (layer.kind) {
    case 'suspects':
      return whole(suspectsRows(state, scroll));
    case 'triage':
      return whole(triageRows(session, state));
    case 'chooser':
      return whole(chooserPage(state));
    case 'transcript':
      return whole(transcriptPage(state));
    case 'help':
    case 'palette':
      return whole(helpPage(state));
    case 'findings':
      return whole(findingsPage(state));
    case 'time-line':
      return whole(timeLinePage(state));
    case 'incident':
      return whole(incidentPage(state));
    case 'detail':
    case 'address':
    case 'moment':
    case 'entry':
    case 'log-report': {
      const sections = detailSections(session, state);
      if (top(state).kind !== 'confirm') return [...sections, { kind: 'rows', rows: ends }];
      // The question is above the text; the tables give way to it.
      return whole(sections.flatMap((section) => (section.kind === 'rows' ? section.rows : [])));
    }
    default:
      return whole([]);
  }
}
