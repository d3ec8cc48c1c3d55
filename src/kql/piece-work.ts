import { type Frame, settled } from './frame.ts';
import { plainPart, type ReducerPlan, type Step } from './plan-part.ts';
import { isStream, mapped, type Reducer, type Rows, type Stream } from './rows.ts';
import { PartsDiffer, type Work } from './work.ts';

/** The steps that make the rows of a stream's source the stream's. */
const taken = new WeakMap<Stream, readonly Step[]>();
const stepsOf = (stream: Stream): readonly Step[] => taken.get(stream) ?? [];

/** Rows after a further step; `all`: as many. Steps over rows that are read are done where they are read. */
export function through(rows: Rows, step: Step, all = false): Rows {
  const made = mapped(rows, step.map, all);
  if (!isStream(rows) || !isStream(made) || !rows.worked) return made;
  const { worked } = rows;
  const steps = [...stepsOf(rows), step];
  const work: Work = {
    plain: () => plainPart(steps, undefined),
    here: (piece) => stepped(piece, steps),
    join: () => {},
    keeps: false,
  };
  const stream: Stream = {
    ...made,
    worked,
    *pieces() {
      for (const piece of worked(work)) if (piece.length > 0) yield piece;
    },
  };
  taken.set(stream, steps);
  return stream;
}

/** What a reducer makes of rows. It is given columns even where there are no rows. `plan`: the same for other threads. */
export function reduced(rows: Rows, begin: () => Reducer, plan?: ReducerPlan): Frame {
  const reducer = begin();
  if (!isStream(rows)) {
    reducer.add(rows);
    return reducer.result();
  }
  reducer.add(rows.empty, 0);
  const { worked } = rows;
  const parts = plan && worked && reducer.parts?.();
  if (!parts) return inOrder(rows, reducer);
  const steps = stepsOf(rows);
  const work: Work = {
    plain: () => plainPart(steps, plan),
    here: (piece, at) => {
      reducer.add(stepped(piece, steps), at);
      return rows.empty;
    },
    join: (part) => parts.join(part),
    keeps: true,
  };
  try {
    for (const _none of worked(work));
    return reducer.result();
  } catch (error) {
    if (error instanceof PartsDiffer) return inOrder(rows, begin());
    throw error;
  }
}

/** A piece after steps, with its cells: those that no step looks at are made of the rows that are left. */
export function stepped(piece: Frame, steps: readonly Step[]): Frame {
  let frame = piece;
  for (const step of steps) frame = step.map(frame);
  return settled(frame);
}

function inOrder(rows: Stream, reducer: Reducer): Frame {
  for (const piece of rows.pieces()) {
    reducer.add(piece);
    if (reducer.full?.()) break;
  }
  return reducer.result();
}
