import { KqlError } from './kqlerror.ts';
import { neededTexts } from './needed-texts.ts';
import { type Found, Regex } from './regex.ts';
import type { AgentPattern, UserAgentList } from './user-agent-list.ts';

/** Longer texts have no answer: user agents are chosen by those who send them, and each is searched for a thousand patterns. */
export const LONGEST_AGENT = 2_048;

/** Answers that are kept: the same agents come again and again. */
const MOST_KEPT = 4_096;

/** The parts of a user agent; one that its text does not have is the empty text. */
export interface Agent {
  browser: { family: string; major: string; minor: string; patch: string };
  os: { family: string; major: string; minor: string; patch: string; patchMinor: string };
  device: { family: string; brand: string; model: string };
}

/** A pattern of the list, compiled when a text holds what it needs. */
class Rule {
  readonly replacements: AgentPattern;
  readonly #source: string;
  readonly #anyCase: boolean;
  readonly #needed: readonly string[] | undefined;
  #regex: Regex | undefined;

  constructor(pattern: AgentPattern) {
    this.replacements = pattern;
    this.#anyCase = pattern.regex_flag === 'i';
    this.#source = this.#anyCase ? `(?i)${pattern.regex}` : pattern.regex;
    const needed = neededTexts(pattern.regex);
    this.#needed = this.#anyCase ? needed?.map((text) => text.toLowerCase()) : needed;
  }

  /** `lower`: the text in lower case; undefined where a letter of it is none of ASCII, and may be another letter's case. */
  exec(text: string, lower: string | undefined): Found | null {
    const held = this.#anyCase ? lower : text;
    if (held !== undefined && this.#needed && !this.#needed.some((one) => held.includes(one))) return null;
    this.#regex ??= new Regex(this.#source);
    return this.#regex.exec(text);
  }
}

/**
 * Reads user agents by the list of uap-core, as its specification says (docs/specification.md of uap-core, version 0.2): the first
 * pattern that is found in the text decides, its groups are the parts in their order, and a replacement takes their place.
 */
export class UserAgents {
  readonly #rules: Record<keyof Agent, Rule[]>;
  readonly #known = new Map<string, Agent | null>();

  constructor(list: UserAgentList) {
    this.#rules = {
      browser: list.user_agent_parsers.map((one) => new Rule(one)),
      os: list.os_parsers.map((one) => new Rule(one)),
      device: list.device_parsers.map((one) => new Rule(one)),
    };
  }

  /** The parts that are asked for; null for a text that is too long, or cannot be searched. */
  part<Kind extends keyof Agent>(kind: Kind, text: string): Agent[Kind] | null {
    if (text.length > LONGEST_AGENT) return null;
    const key = `${kind} ${text}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#read(kind, text);
      if (this.#known.size >= MOST_KEPT) this.#known.clear();
      this.#known.set(key, known);
    }
    return known?.[kind] ?? null;
  }

  #read(kind: keyof Agent, text: string): Agent | null {
    const lower = /[\u0080-\uffff]/.test(text) ? undefined : text.toLowerCase();
    try {
      for (const rule of this.#rules[kind]) {
        const found = rule.exec(text, lower);
        if (found) return agentOf(rule.replacements, found);
      }
      return NONE;
    } catch (error) {
      // A word boundary among letters beyond ASCII.
      if (error instanceof KqlError && error.kind === 'unsupported') return null;
      throw error;
    }
  }
}

const OTHER = 'Other';
const NONE: Agent = {
  browser: { family: OTHER, major: '', minor: '', patch: '' },
  os: { family: OTHER, major: '', minor: '', patch: '', patchMinor: '' },
  device: { family: OTHER, brand: '', model: '' },
};

function agentOf(pattern: AgentPattern, found: Found): Agent {
  /** The replacement of that name with its groups, or the group that has its place. */
  const part = (replacement: string, group: number): string => {
    const text = pattern[replacement]?.replace(/\$([1-9])/g, (_, digit: string) => found[Number(digit)] ?? '');
    return (text ?? found[group] ?? '').trim();
  };
  return {
    browser: {
      family: part('family_replacement', 1) || OTHER,
      major: part('v1_replacement', 2),
      minor: part('v2_replacement', 3),
      patch: part('v3_replacement', 4),
    },
    os: {
      family: part('os_replacement', 1) || OTHER,
      major: part('os_v1_replacement', 2),
      minor: part('os_v2_replacement', 3),
      patch: part('os_v3_replacement', 4),
      patchMinor: part('os_v4_replacement', 5),
    },
    device: {
      family: part('device_replacement', 1) || OTHER,
      brand: pattern.brand_replacement === undefined ? '' : part('brand_replacement', 1),
      model: part('model_replacement', 1),
    },
  };
}
