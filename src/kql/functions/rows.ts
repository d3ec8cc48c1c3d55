import { argument, type Call, type Implementation } from '../call.ts';
import { subtractLongs } from '../longs.ts';
import { fail, refuse } from '../scope.ts';
import { equalDynamics, isNumeric, missing, type Value } from '../values.ts';

/** The number of rows; these functions need rows whose order means something. */
function rows(call: Call): number {
  const frame = call.scope.frame;
  if (!frame) return refuse(`${call.name}() here`, call.node, call.scope);
  if (!frame.serialized) {
    fail(
      'semantic',
      `${call.name}() needs a serialized row set: add serialize or sort before it.`,
      call.node,
      call.scope,
    );
  }
  return frame.length;
}

/** The results of all rows, worked out in order when the first is asked for. */
function inOrder(call: Call, next: (row: number, before: Value) => Value): (row: number) => Value {
  const length = rows(call);
  let done: Value[] | undefined;
  return (row) => {
    if (!done) {
      done = new Array<Value>(length);
      let before: Value = null;
      for (let r = 0; r < length; r++) {
        before = next(r, before);
        done[r] = before;
      }
    }
    return done[row] ?? null;
  };
}

const shifted =
  (sign: 1 | -1): Implementation =>
  (call) => {
    const length = rows(call);
    const value = argument(call, 0);
    const offset = call.args.length > 1 ? argument(call, 1).at(0) : 1;
    const otherwise = call.args.length > 2 ? argument(call, 2).at : () => missing(value.type);
    if (typeof offset !== 'number') return refuse(`${call.name}() with this offset`, call.node, call.scope);
    return (row) => {
      const at = row + sign * offset;
      return at >= 0 && at < length ? value.at(at) : otherwise(row);
    };
  };

const rowNumber: Implementation = (call) => {
  const start = call.args.length > 0 ? argument(call, 0).at(0) : 1;
  const restart = call.args.length > 1 ? argument(call, 1).at : undefined;
  if (typeof start !== 'number') return refuse('row_number() with this start', call.node, call.scope);
  if (!restart) {
    rows(call);
    return (row) => start + row;
  }
  return inOrder(call, (row, before) => (typeof before !== 'number' || restart(row) === true ? start : before + 1));
};

const cumulative: Implementation = (call) => {
  const term = argument(call, 0);
  const restart = call.args.length > 1 ? argument(call, 1).at : undefined;
  return inOrder(call, (row, before) => {
    const value = term.at(row);
    const sum = restart?.(row) === true || before === null ? 0 : Number(before);
    return sum + (isNumeric(value) ? Number(value) : 0);
  });
};

/** The value that began the session of each row. */
const session: Implementation = (call) => {
  const value = argument(call, 0);
  const total = argument(call, 1).at;
  const gap = argument(call, 2).at;
  const restart = call.args.length > 3 ? argument(call, 3).at : undefined;
  const beyond = (later: Value, earlier: Value, limit: Value): boolean =>
    isNumeric(later) && isNumeric(earlier) && isNumeric(limit) && subtractLongs(later, earlier) > limit;
  return inOrder(call, (row, start) => {
    const now = value.at(row);
    const before = row > 0 ? value.at(row - 1) : null;
    if (start === null || before === null || restart?.(row) === true) return now;
    return beyond(now, start, total(row)) || beyond(now, before, gap(row)) ? now : start;
  });
};

/** Ranks from 1: one more at each change of the term (dense), or the row's number at the change (with gaps). */
const rank =
  (dense: boolean): Implementation =>
  (call) => {
    const term = argument(call, 0).at;
    const restart = call.args.length > 1 ? argument(call, 1).at : undefined;
    let number = 0;
    return inOrder(call, (row, before) => {
      if (row === 0 || before === null || restart?.(row) === true) {
        number = 1;
        return 1;
      }
      number += 1;
      if (equalDynamics(term(row), term(row - 1))) return before;
      return dense ? Number(before) + 1 : number;
    });
  };

export const ROW_FUNCTIONS: Record<string, Implementation> = {
  row_number: rowNumber,
  row_cumsum: cumulative,
  row_rank_dense: rank(true),
  row_rank_min: rank(false),
  row_window_session: session,
  prev: shifted(-1),
  next: shifted(1),
};
