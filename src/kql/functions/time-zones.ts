import { type Call, type Implementation, longs, texts } from '../call.ts';
import { addLongs, type Long, subtractLongs } from '../longs.ts';
import { fail } from '../scope.ts';
import { millisecondsOf, TICKS_PER_SECOND } from '../times.ts';

/** Seconds by which local time is ahead of UTC at an instant, by zone of the IANA database. */
type Offset = (milliseconds: number) => number;

const zones = new Map<string, Offset | undefined>();
const MAX_ZONES = 500;

function offsetOf(zone: string): Offset | undefined {
  if (zones.has(zone)) return zones.get(zone);
  let offset: Offset | undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    offset = (milliseconds) => {
      const parts = new Map(format.formatToParts(milliseconds).map(({ type, value }) => [type, value]));
      const of = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
      const local = new Date(0);
      local.setUTCFullYear(of('year'), of('month') - 1, of('day'));
      local.setUTCHours(of('hour'), of('minute'), of('second'));
      return Math.round((local.getTime() - Math.floor(milliseconds / 1000) * 1000) / 1000);
    };
  } catch {
    // No zone of this name.
  }
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(zone, offset);
  return offset;
}

const converted =
  (convert: (time: Long, offset: Offset) => Long): Implementation =>
  (call: Call) => {
    const read = longs(call, 0);
    const zone = texts(call, 1);
    return (row) => {
      const time = read(row);
      if (time === null) return null;
      const name = zone(row);
      const offset = offsetOf(name);
      if (!offset)
        return fail('semantic', `'${name.slice(0, 60)}' is no time zone that is known here.`, call.node, call.scope);
      return convert(time, offset);
    };
  };

const ticks = (seconds: number): number => seconds * TICKS_PER_SECOND;

/**
 * https://learn.microsoft.com/kusto/query/datetime-local-to-utc-function, read 2026-11-30. By its example a local time that the
 * clock leaps over is counted from before the leap; of one that comes twice the page says nothing, and the first is meant here.
 */
export const TIME_ZONE_FUNCTIONS: Record<string, Implementation> = {
  datetime_utc_to_local: converted((time, offset) => addLongs(time, ticks(offset(millisecondsOf(time))))),
  datetime_local_to_utc: converted((time, offset) => {
    const local = millisecondsOf(time);
    const before = offset(local - 86_400_000);
    const after = offset(local + 86_400_000);
    const holds = [before, after].find((seconds) => offset(local - seconds * 1000) === seconds);
    return subtractLongs(time, ticks(holds ?? Math.max(before, after)));
  }),
};
