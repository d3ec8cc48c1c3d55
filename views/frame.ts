import { promptFrameKey } from '../src/session/prompts/reading-time.ts';
import type { Session } from '../src/session/session.ts';
import type { SessionState } from '../src/session/state.ts';
import type { SmallTable } from './detail-text.ts';
import { tooSmall } from './layout.ts';
import type { ListScroll } from './list-scroll.ts';
import { paint } from './paint.ts';
import { screenOf } from './screen-rows.ts';

/** A stretch of the screen as it is drawn: painted rows, or small tables with painted rows left of them. */
export type Block =
  | { kind: 'rows'; rows: readonly string[] }
  | { kind: 'tables'; height: number; tables: readonly SmallTable[]; left: readonly string[]; leftWidth: number };

/** All that a user sees at one time. */
export interface Frame {
  columns: number;
  rows: number;
  blocks: readonly Block[];
  /** What the frame asks (`promptFrameKey`); "" when it asks nothing. */
  asks: string;
  /** The error that making the frame threw: to be thrown where it is drawn. */
  defect: Error | null;
}

function frameOf(session: Pick<Session, 'explain'>, state: SessionState, scroll: ListScroll): Frame {
  const { columns, rows } = state;
  const blocks = screenOf(session, state, scroll).map((section): Block => {
    if (section.kind === 'rows') return { kind: 'rows', rows: section.rows.map(paint) };
    return { ...section, left: section.left.map(paint) };
  });
  return { columns, rows, blocks, asks: tooSmall(columns, rows) ? '' : promptFrameKey(state), defect: null };
}

const sameTexts = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, at) => text === other[at]);

function sameBlock(one: Block, other: Block | undefined): boolean {
  if (one.kind === 'rows') return other?.kind === 'rows' && sameTexts(one.rows, other.rows);
  return (
    other?.kind === 'tables' &&
    one.height === other.height &&
    one.leftWidth === other.leftWidth &&
    sameTexts(one.left, other.left) &&
    JSON.stringify(one.tables) === JSON.stringify(other.tables)
  );
}

function sameFrame(one: Frame, other: Frame): boolean {
  return (
    one.columns === other.columns &&
    one.rows === other.rows &&
    one.asks === other.asks &&
    one.blocks.length === other.blocks.length &&
    one.blocks.every((block, at) => sameBlock(block, other.blocks[at]))
  );
}

/** The frames of a session: a new one only when something that is drawn has changed. */
export interface Frames {
  current(): Frame;
  /** Makes the frame of the session's state at once; otherwise it is made once for all changes of one turn. */
  refresh(): void;
  subscribe(listener: () => void): () => void;
  /** The row of the suspects list that comes first. */
  firstRow(): number;
}

/** Follows a session from now on; `stop` ends that. */
export function framesOf(session: Pick<Session, 'explain' | 'state' | 'subscribe'>): Frames & { stop(): void } {
  const scroll: ListScroll = { top: 0 };
  const listeners = new Set<() => void>();
  let frame = frameOf(session, session.state(), scroll);
  let stale = false;
  const refresh = () => {
    stale = false;
    if (frame.defect !== null) return;
    try {
      const next = frameOf(session, session.state(), scroll);
      if (sameFrame(next, frame)) return;
      frame = next;
    } catch (error) {
      frame = { ...frame, defect: error instanceof Error ? error : new Error(String(error)) };
    }
    for (const listener of listeners) listener();
  };
  const stop = session.subscribe(() => {
    if (stale) return;
    stale = true;
    queueMicrotask(() => {
      if (stale) refresh();
    });
  });
  return {
    current: () => frame,
    refresh,
    firstRow: () => scroll.top,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop,
  };
}
