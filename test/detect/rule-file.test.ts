import { describe, expect, it } from 'vitest';
import { readRuleFile } from '../../src/detect/rule-file.ts';

describe('a collection of rules of the form before Sigma 2', () => {
  const collection = `action: global
title: both
id: both
level: high
detection: {condition: 1 of s*}
---
logsource: {product: windows, service: security}
detection: {s1: {EventID: 1}}
---
action: repeat
logsource: {service: system}
detection: {s2: {EventID: 2}}
---
action: reset
---
title: alone
id: alone
logsource: {product: windows, service: security}
detection: {s: {EventID: 3}, condition: s}
---
action: global
title: of no correlation
level: low
---
title: several
correlation: {type: event_count, rules: [alone], timespan: 1m, group-by: [Computer], condition: {gte: 2}}
---
action: merge
title: unknown
`;

  it('is read as the rules that it means', () => {
    const { rules, refused } = readRuleFile('old.yml', collection, new Map());
    expect(
      rules.map((rule) => [
        rule.title,
        rule.level,
        rule.line,
        ...(rule.kind === 'sigma' ? [rule.logsource.service, JSON.stringify(rule.test).match(/"text":"\d"/g)] : []),
      ]),
    ).toEqual([
      ['both', 'high', 7, 'security', ['"text":"1"']],
      ['both', 'high', 10, 'system', ['"text":"1"', '"text":"2"']],
      ['alone', 'none', 16, 'security', ['"text":"3"']],
      ['several', 'none', 25],
    ]);
    expect(refused.map(({ title, line, because }) => [title, line, because])).toEqual([
      ['unknown', 28, 'the action is none of global, reset, repeat'],
    ]);
  });
});
