import { describe, expect, it } from 'vitest';
import { readDetection } from '../../src/detect/sigma/detection.ts';
import { type KnownColumn, mayMatch } from '../../src/detect/sigma/may-match.ts';

const columns: Record<string, KnownColumn> = {
  Image: { texts: ['c:\\windows\\cmd.exe', 'ὀδυσσεύσ'] },
  EventID: { numbers: new Set([4624]) },
};

const may = (selection: Record<string, unknown>, condition = 's'): boolean =>
  mayMatch(readDetection({ s: selection, condition }), (field) => columns[field]);

describe('a rule that no event can match', () => {
  it('is known by the values of its fields, whatever else it asks', () => {
    expect(may({ 'Image|endswith': '\\CMD.exe', Other: 'x' })).toBe(true);
    expect(may({ 'Image|endswith': '\\CMD.ex', Other: 'x' })).toBe(false);
    expect(may({ 'Image|startswith': 'C:\\', EventID: 4624 })).toBe(true);
    expect(may({ 'Image|startswith': 'C:\\', EventID: 4625 })).toBe(false);
    expect(may({ Image: ['x', 'ὈΔΥΣΣΕΎΣ'] })).toBe(true);
    expect(may({ Image: ['x', 'C:\\Windows\\cmd'] })).toBe(false);
    expect(may({ 'Image|contains|all': ['windows', 'nothing'] })).toBe(false);
  });

  it('is not called so where its values, its case or a "not" leave it open', () => {
    expect(may({ 'Image|contains': 'nothing' }, 'not s')).toBe(true);
    expect(may({ 'Image|cased': 'c:\\windows\\cmd.exe' })).toBe(true);
    expect(may({ Image: 'no*thing' })).toBe(true);
    expect(may({ 'Image|re': 'nothing' })).toBe(true);
    expect(may({ Image: null })).toBe(true);
    expect(may({ Image: '*' })).toBe(true);
    expect(may({ Other: 'nothing' })).toBe(true);
    expect(may({ 'EventID|gt': 5000 })).toBe(true);
  });
});
