import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/kql/evaluate.ts';
import { neededTexts } from '../../src/kql/needed-texts.ts';
import { Regex } from '../../src/kql/regex.ts';
import { remarksOn } from '../../src/kql/remarks.ts';
import { tableFromRows } from '../../src/kql/table.ts';
import { type AgentPattern, userAgentList } from '../../src/kql/user-agent-list.ts';
import { LONGEST_AGENT, UserAgents } from '../../src/kql/user-agents.ts';

const agents = (Text: string) => tableFromRows('Agents', [{ Text }], { Text: 'string' });

function parsed(text: string, sought: string): unknown {
  const { data } = evaluate(`Agents | project parse_user_agent(Text, ${sought})`, [agents(text)], { now: new Date(0) });
  const answer = data[0]?.[0] ?? null;
  return answer === null ? null : JSON.parse(JSON.stringify(answer));
}

const [list, patterns] = [
  userAgentList(),
  (browser: AgentPattern[]) => new UserAgents({ user_agent_parsers: browser, os_parsers: [], device_parsers: [] }),
];

describe('parse_user_agent', () => {
  it('answers the examples of its page', () => {
    const adobe = 'Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 (KHTML, like Gecko) AdobeAIR/2.5.1';
    expect(parsed(adobe, '"browser"')).toEqual({
      Browser: { Family: 'AdobeAIR', MajorVersion: '2', MinorVersion: '5', Patch: '1' },
    });
    const nokia =
      'Mozilla/5.0 (SymbianOS/9.2; U; Series60/3.1 NokiaN81-3/10.0.032 Profile/MIDP-2.0 Configuration/CLDC-1.1 ) AppleWebKit/413 (KHTML, like Gecko) Safari/4';
    const answer = {
      Browser: { Family: 'Nokia OSS Browser', MajorVersion: '3', MinorVersion: '1', Patch: '' },
      OperatingSystem: { Family: 'Symbian OS', MajorVersion: '9', MinorVersion: '2', Patch: '', PatchMinor: '' },
      Device: { Family: 'Nokia N81', Brand: 'Nokia', Model: 'N81-3' },
    };
    expect(parsed(nokia, 'dynamic(["browser","os","device"])')).toEqual(answer);
    expect(Object.keys(parsed(nokia, 'dynamic(["device","browser"])') ?? {})).toEqual(['Browser', 'Device']);
  });

  it('names what nothing fits Other, as uap-core does', () => {
    expect(parsed('', 'dynamic(["browser","os","device"])')).toEqual({
      Browser: { Family: 'Other', MajorVersion: '', MinorVersion: '', Patch: '' },
      OperatingSystem: { Family: 'Other', MajorVersion: '', MinorVersion: '', Patch: '', PatchMinor: '' },
      Device: { Family: 'Other', Brand: '', Model: '' },
    });
  });

  it('has no answer for a text that is too long or cannot be searched, and a remark says so', () => {
    const curl = 'curl/8.5.0';
    expect(parsed(curl.padEnd(LONGEST_AGENT), '"browser"')).toMatchObject({ Browser: { Family: 'curl' } });
    expect(parsed(curl.padEnd(LONGEST_AGENT + 1), '"browser"')).toBeNull();
    const word = patterns([{ regex: String.raw`\b(?:Lenovo|LENOVO)+\s?(\w+)` }]);
    expect(word.part('browser', 'Lenovo A1')?.family).toBe('A1');
    expect(word.part('browser', 'Lenovo é')).toBeNull();
    expect(remarksOn('T | extend parse_user_agent(A, "os")')).toEqual([
      expect.stringMatching(/uap-core.*2,048.*is null/),
    ]);
  });

  it('puts groups where a replacement asks for them', () => {
    const one = patterns([
      { regex: '(Namoroka|Minefield)/(\\d+)', family_replacement: 'Firefox ($1)', v2_replacement: '$2b' },
    ]);
    expect(one.part('browser', 'x Minefield/4')).toEqual({
      family: 'Firefox (Minefield)',
      major: '4',
      minor: '4b',
      patch: '',
    });
  });
});

describe('the list of user agents', () => {
  it('has no pattern that this does not read', () => {
    const all = [...list.user_agent_parsers, ...list.os_parsers, ...list.device_parsers];
    expect(all.length).toBeGreaterThan(1_000);
    for (const { regex } of all.filter((_, at) => at % 40 === 0)) expect(() => new Regex(regex), regex).not.toThrow();
    const names = new Set(all.flatMap((one) => Object.keys(one)));
    expect(
      [...names].filter(
        (name) => !/^regex(_flag)?$|^(family|os|device|brand|model|v[123]|os_v[1-4])_replacement$/.test(name),
      ),
    ).toEqual([]);
  });
});

describe('the texts that a pattern needs', () => {
  it.each([
    ['(Namoroka|Minefield)/(\\d+)', ['Namoroka', 'Minefield']],
    ['M.{0,200}(?:Bot|Petal)+x?y', ['Bot', 'Petal']],
    ['ab?cde{2,3}fg*', ['cde']],
    ['a\\.b\\d(?:long enough)?', ['a.b']],
    ['x{3}[yz]uvw', ['uvw']],
    ['one|t(wa|wo)o|three', ['one', 'wa', 'wo', 'three']],
    ['a(?i:b)cd', undefined],
    ['(open', undefined],
    ['[a(b]longer[^\\]x]', ['longer']],
    ['one|[0-9]', undefined],
    ['*a', undefined],
    ['\\x41bc', undefined],
    ['\\p{Lu}bc', undefined],
    ['\\', undefined],
  ])('%s', (pattern, needed) => {
    expect(neededTexts(pattern)).toEqual(needed);
  });
});
