// Punycode (RFC 3492): the parameters of its section 5, and the procedures of its section 6.

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const FIRST_BIAS = 72;
const FIRST_CODE = 128;

const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function adapted(delta: number, points: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : Math.floor(delta / 2);
  rest += Math.floor(rest / points);
  let k = 0;
  while (rest > ((BASE - T_MIN) * T_MAX) / 2) {
    rest = Math.floor(rest / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

const threshold = (k: number, bias: number): number => Math.min(T_MAX, Math.max(T_MIN, k - bias));

export function encodePunycode(text: string): string {
  const points = [...text].map((c) => c.codePointAt(0) ?? 0);
  const plain = points.filter((p) => p < FIRST_CODE);
  let out = plain.map((p) => String.fromCodePoint(p)).join('');
  if (out !== '') out += '-';
  let code = FIRST_CODE;
  let delta = 0;
  let bias = FIRST_BIAS;
  let done = plain.length;
  while (done < points.length) {
    const next = Math.min(...points.filter((p) => p >= code));
    delta += (next - code) * (done + 1);
    code = next;
    for (const point of points) {
      if (point < code) delta += 1;
      if (point !== code) continue;
      let rest = delta;
      for (let k = BASE; ; k += BASE) {
        const t = threshold(k, bias);
        if (rest < t) break;
        out += DIGITS.charAt(t + ((rest - t) % (BASE - t)));
        rest = Math.floor((rest - t) / (BASE - t));
      }
      out += DIGITS.charAt(rest);
      bias = adapted(delta, done + 1, done === plain.length);
      delta = 0;
      done += 1;
    }
    delta += 1;
    code += 1;
  }
  return out;
}

/** Undefined for what is no Punycode. */
export function decodePunycode(text: string): string | undefined {
  if (/[^\0-\x7f]/.test(text)) return undefined;
  const cut = text.lastIndexOf('-');
  const points = [...text.slice(0, Math.max(0, cut))].map((c) => c.codePointAt(0) ?? 0);
  let code = FIRST_CODE;
  let bias = FIRST_BIAS;
  let place = 0;
  for (let at = cut < 0 ? 0 : cut + 1; at < text.length; ) {
    const before = place;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = at < text.length ? DIGITS.indexOf(text.charAt(at).toLowerCase()) : -1;
      at += 1;
      if (digit < 0) return undefined;
      place += digit * weight;
      const t = threshold(k, bias);
      if (digit < t) break;
      weight *= BASE - t;
      if (!Number.isSafeInteger(place + weight * BASE)) return undefined;
    }
    bias = adapted(place - before, points.length + 1, before === 0);
    code += Math.floor(place / (points.length + 1));
    place %= points.length + 1;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    points.splice(place, 0, code);
    place += 1;
  }
  return points.map((p) => String.fromCodePoint(p)).join('');
}
