import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { tableFromRows } from '../../src/kql/table.ts';

const columns = {
  network: 'string',
  country: 'string',
  state: 'string',
  city: 'string',
  latitude: 'real',
  longitude: 'real',
} as const;
const place = (network: string, country: string, state = '', city = '', latitude?: number, longitude?: number) => ({
  network,
  country,
  state,
  city,
  ...(latitude === undefined || longitude === undefined ? {} : { latitude, longitude }),
});
// The two places are those of https://learn.microsoft.com/kusto/query/geo-info-from-ip-address-function, of 2024-08-11.
const places = [
  place('2a03:2880::/32', 'United States', 'Florida', 'Boca Raton', 26.3594, -80.0771),
  place('81.0.0.0/8', 'Nowhere'),
  place('20.53.203.0/24', 'Australia', 'New South Wales', 'Sydney', -33.8715, 151.2006),
];
const rows = (query: string, given: readonly object[] = places): Json[][] =>
  logAnalyticsRows(
    evaluate(query, [tableFromRows('geo_info_from_ip_address', given as Record<string, unknown>[], columns)], {
      now: new Date(0),
    }),
  );
const where = (address: string, given?: readonly object[]): unknown =>
  JSON.parse(String(rows(`print a="${address}" | project geo_info_from_ip_address(a)`, given)[0]?.[0]));

describe('geo_info_from_ip_address()', () => {
  it('finds the network around an address, of either version', () => {
    const sydney = {
      country: 'Australia',
      state: 'New South Wales',
      city: 'Sydney',
      latitude: -33.8715,
      longitude: 151.2006,
    };
    expect(where('20.53.203.50')).toEqual(sydney);
    expect(where('::ffff:20.53.203.255')).toEqual(sydney);
    expect(where('2a03:2880:f12c:83:face:b00c::25de')).toMatchObject({ city: 'Boca Raton', longitude: -80.0771 });
    expect(where('81.255.255.255')).toEqual({ country: 'Nowhere' });
  });

  it('knows no place of an address that is in none, nor of what is no address', () => {
    for (const address of ['20.53.202.255', '20.53.204.0', '10.0.0.1', '82.0.0.0', '::1', '2a03:2881::', 'web01', ''])
      expect(where(address), address).toBeNull();
    expect(rows('print x = isempty(tostring(geo_info_from_ip_address("10.0.0.1").country))')).toEqual([[true]]);
    expect(where('20.53.203.50', [])).toBeNull();
  });

  it('says which file is wanted, and what is wrong with it', () => {
    const query = 'print geo_info_from_ip_address("1.1.1.1")';
    expect(() => evaluate(query, [], { now: new Date(0) })).toThrow(
      /network, country, state, city, latitude and longitude: --evidence geo_info_from_ip_address=FILE\.csv/,
    );
    const { city: _, ...rest } = columns;
    const table = tableFromRows('geo_info_from_ip_address', [], rest);
    expect(() => evaluate(query, [table], { now: new Date(0) })).toThrow(/no column 'city'/);
    expect(() => where('1.1.1.1', [place('1.1.1.1-9', 'x')])).toThrow(/'1\.1\.1\.1-9' .* no network/);
    expect(() => where('1.1.1.1', [place('1.0.0.0/8', 'x'), place('1.1.0.0/16', 'y')])).toThrow(
      /within each other, as 1\.1\.0\.0\/16/,
    );
  });
});
