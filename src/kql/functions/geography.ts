import { type Call, constantArgument, type Implementation, reals } from '../call.ts';
import { refuse } from '../scope.ts';

/** Meters: the radius of the sphere that the page's distance from Seattle to Los Angeles, 1546754.35197381, comes of. */
const RADIUS = 6_371_010;

/** The distance in meters of two points of longitude and latitude in degrees, on a sphere; null where a point is none. */
function distance(a: number, b: number, c: number, d: number): number | null {
  if (Math.abs(a) > 180 || Math.abs(c) > 180 || Math.abs(b) > 90 || Math.abs(d) > 90) return null;
  const radians = Math.PI / 180;
  const half = (x: number): number => Math.sin((x * radians) / 2) ** 2;
  const part = half(d - b) + Math.cos(b * radians) * Math.cos(d * radians) * half(c - a);
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(part)));
}

const points = (call: Call): ((row: number) => number | null) => {
  const reads = [0, 1, 2, 3].map((i) => reals(call, i));
  return (row) => {
    const [a = null, b = null, c = null, d = null] = reads.map((read) => read(row));
    return a === null || b === null || c === null || d === null ? null : distance(a, b, c, d);
  };
};

/** https://learn.microsoft.com/kusto/query/geo-distance-2points-function and its kin, read 2026-11-30. */
export const GEOGRAPHY_FUNCTIONS: Record<string, Implementation> = {
  geo_distance_2points: (call) => {
    if (constantArgument(call, 4, false) !== false) refuse(`${call.name}() on a spheroid`, call.node, call.scope);
    return points(call);
  },
  geo_point_in_circle: (call) => {
    if (constantArgument(call, 5, false) !== false) refuse(`${call.name}() on a spheroid`, call.node, call.scope);
    const read = points(call);
    const radius = reals(call, 4);
    return (row) => {
      const [meters, most] = [read(row), radius(row)];
      return meters === null || most === null || most <= 0 ? null : meters <= most;
    };
  },
};
