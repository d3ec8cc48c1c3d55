import type { Session } from '../src/session/session.ts';
import { drawn, type Layer, type SessionState } from '../src/session/state.ts';
import { age, clock } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { boxNamed, pageLayout } from './layout.ts';
import { between, blank, line, span, widthOf } from './line.ts';
import { detailBody, detailFound } from './page-body.ts';
import { machineHeader, padded } from './page-parts.ts';
import { bodySections, type Section } from './sections.ts';

/** Names of details in the place, where they are of a list. */
const crumbs: Partial<Record<Layer['kind'], string>> = { moment: 'time line › entry', entry: 'transcript › entry' };

/** A detail: its title, its text, its tables. */
export function detailSections(session: Pick<Session, 'explain'>, state: SessionState): Section[] {
  const layer = drawn(state);
  if (!('scroll' in layer) || !('vmId' in layer)) return [];
  const body = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const header = machineHeader(state, layer.vmId, crumbs[layer.kind] ?? layer.kind);
  const told = detailFound(session, state);
  const shown = detailBody(session, state);
  if (!told || !shown) {
    const gone = line(
      span(` ${mark.unknown} This is no longer there since the last reading. Esc goes back.`, 'unknown'),
    );
    return [{ kind: 'rows', rows: padded([header, blank, gone], body + 1, state.columns) }];
  }
  const { detail, search, hits } = told;
  const named = line(
    span(` ${detail.title}`, 'plain', true),
    search === '' ? '' : span(`   ${hits} contain ${search}`, 'accent'),
  );
  const aged = detail.asOf === '' ? '' : `${age(detail.asOf, state.now)} ago `;
  // The age gives way to the title before the title is cut.
  const ages = aged === '' ? [] : [`  as of ${clock(detail.asOf)}, ${aged}`, `  ${aged}`];
  const asOf = ages
    .map((text) => line(span(text, 'dim')))
    .find((one) => widthOf(named) + widthOf(one) <= state.columns);
  const title = between(named, asOf ?? blank, state.columns);
  return [
    { kind: 'rows', rows: [header, title] },
    ...bodySections(shown, layer.scroll, { width: state.columns, height: body - 1 }, [], 0),
  ];
}
