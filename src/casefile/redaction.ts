import { namedSecrets, redacted, tokenForms, withoutPasswordOption } from './secret-patterns.ts';

export { redacted };

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

// Property names are compared in lower case without `-`, `_`, `.` and blanks.
const secretNames = new Set([
  'accesssas',
  'accesstoken',
  'accountkey',
  'adminpassword',
  'apikey',
  'authorization',
  'clientassertion',
  'clientsecret',
  'commandtoexecute',
  'connectionstring',
  'cookie',
  'customdata',
  'clientkeydata',
  'identitytoken',
  'idtoken',
  'keymaterial',
  'ocpapimsubscriptionkey',
  'passphrase',
  'passwd',
  'password',
  'pfx',
  'primarykey',
  'privatekey',
  'protectedparameters',
  'protectedsettings',
  'pat',
  'privatetoken',
  'proxyauthorization',
  'pwd',
  'refreshtoken',
  'sas',
  'sastoken',
  'sasurl',
  'sasuri',
  'secondarykey',
  'secret',
  'sessiontoken',
  'setcookie',
  'sharedaccesskey',
  'sharedkey',
  'sig',
  'storageaccountkey',
  'storageaccountsaskey',
  'token',
  'userdata',
  'workspacekey',
  'xidentityheader',
  'xmsauthorizationauxiliary',
  'xvaulttoken',
  'xzumoauth',
]);
const secretEnding =
  /(?:password|passwd|passphrase|secret|apikey|apitoken|authtoken|securitytoken|subscriptionkey|functionskey|personalaccesstoken|secretaccesskey|accountkey|accesskey|sharedkey|privatekey|connectionstring|sastoken|accesstoken|refreshtoken|idtoken|protectedsettings|protectedparameters)$/;

const nameAnswers = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  if (name.length > 128) return false;
  const known = nameAnswers.get(name);
  if (known !== undefined) return known;
  const plain = name.toLowerCase().replace(/[-_. ]/g, '');
  const secret = secretNames.has(plain) || secretEnding.test(plain);
  // Names come again and again; an attacker's do not fill the memory.
  if (nameAnswers.size < 10_000) nameAnswers.set(name, secret);
  return secret;
}

// Each pattern keeps what names the secret ($1) and replaces the rest. All are bounded or cannot run over the same
// text twice, because the text is the attacker's.
const patterns: readonly (readonly [RegExp, string])[] = [
  // PEM and PuTTY private keys; an unfinished block is taken to the end.
  [
    /(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY ----)(?!\[redacted\])[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|---- END [A-Z0-9 ]{0,40}PRIVATE KEY ----|$)/g,
    `$1${redacted}`,
  ],
  // The end of a block whose beginning was cut off.
  [/(?:[A-Za-z0-9+/=]{16,128}(?:\r?\n|\\r\\n|\\n)){1,200}(?=-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY)/g, redacted],
  [/(Private-Lines: {0,4}\d{1,4})(?!\d|\[redacted\])[\s\S]*?(?=Private-MAC|$)/g, `$1${redacted}`],
  [
    /\b(Bearer {1,4})(?:[A-Za-z0-9._~+/-]{20,}|(?=[A-Za-z._~+/-]{0,64}\d)[A-Za-z0-9._~+/-]{10,})={0,2}/gi,
    `$1${redacted}`,
  ],
  [
    /\b((?:Proxy-)?Authorization"?\s{0,4}[:=]\s{0,4}"?(?:Basic|Bearer|Digest|Negotiate|SharedKey|SharedKeyLite|SharedAccessSignature)\s{1,4})[^\s"',;]{4,}/gi,
    `$1${redacted}`,
  ],
  // A SAS without its signature is harmless; `%3D` is how it looks inside another URL.
  [/((?<![A-Za-z])sig=)(?!\[redacted\])[^&\s"'<>;,)}\]\\]+/gi, `$1${redacted}`],
  [/((?:%(?:25){0,4}(?:3F|26))sig%(?:25){0,4}3D)(?:(?!%(?:25){0,4}26)[^&\s"'<>])+/gi, `$1${redacted}`],
  [
    /([?&](?:code|access_token|id_token|refresh_token|client_secret|client_assertion|api[-_]?key|subscription-key|token)=)[^&\s"'<>]{8,}/gi,
    `$1${redacted}`,
  ],
  // https://user:password@host
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>]{1,256}:)[^\s/@"'<>]{1,256}(?=@)/gi, `$1${redacted}`],
  // Connection strings and command lines.
  [
    /\b((?:AccountKey|SharedAccessKey|SharedAccessSignature|AccessKey|ClientSecret|client_secret|Password|Pwd)\s{0,2}=\s{0,2})(?:"[^"]{1,1024}"|'[^']{1,1024}'|[^;\s"'&]{1,1024})/gi,
    `$1${redacted}`,
  ],
  [/(--(?:admin-|vm-)?password[ =])\s{0,4}(?:"[^"]{1,1024}"|'[^']{1,1024}'|\S{1,1024})/gi, `$1${redacted}`],
  // JSON inside text, also escaped once, where the whole is not JSON (cut off, or in a log line).
  [
    /(\\?"(?:\w{0,40}password|protectedSettings|protectedParameters|commandToExecute|customData|userData|\w{0,40}connectionString|clientSecret|accessToken|access_token|refresh_token|id_token|accessSAS|privateKey|storageAccountKey)\\?"\s{0,8}:\s{0,8}\\?")(?:[^"\\]|\\[^"])+/gi,
    `$1${redacted}`,
  ],
  // An Entra client secret is recognisable by `Q~`; a storage or workspace key is 64 bytes in base64. A SHA-512 in
  // base64 is as long, and is distinguished by its label.
  [/(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/g, redacted],
  [/(?<!sha-?512["']?[-:=]? ?)(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])/gi, redacted],
];

// JWT and JWE are a base64url JSON object, a dot, and more. The whole run is taken at once, with or without a dot, so that
// a text of many beginnings is not searched from each of them.
const tokenRun = /eyJ[\w-]*(?:\.[\w-]*){0,4}/g;
const isToken = /^eyJ[\w-]{5,}\..*[\w-]{5,}/;

// "Basic" is also a tier and an adjective: what follows it is a sign-in where it reads as user:password.
const basic = /\b(Basic {1,4})([A-Za-z0-9+/]{8,4096}={0,2})/gi;
const isBasic = (given: string): boolean =>
  /^[ -~]{1,256}:[ -~]+$/.test(Buffer.from(given, 'base64').toString('latin1'));

const deepest = 64;
const longestInnerJson = 1_048_576;

/** The text without the secrets that can be recognised in it: tokens, SAS signatures, keys, passwords. Works on URLs too. */
export function redactText(text: string): string {
  if (plainForms.test(text)) return text;
  let clean = text;
  if (/^\s*[{[]/.test(text) && text.length <= longestInnerJson) {
    const inner = redactedInnerJson(text);
    if (inner !== null) clean = inner;
  }
  clean = clean.replace(tokenRun, (run) => (isToken.test(run) ? redacted : run));
  if (!suspicious.test(clean)) return clean;
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  for (const form of tokenForms) clean = clean.replace(form, redacted);
  for (const [pattern, replacement] of namedSecrets) clean = clean.replace(pattern, replacement);
  clean = clean.replace(basic, (whole, scheme: string, given: string) =>
    isBasic(given) ? `${scheme}${redacted}` : whole,
  );
  return / -p|^-p/.test(clean) ? withoutPasswordOption(clean) : clean;
}

// What each of the patterns needs, in one look: most texts have none of it.
const suspicious =
  /sig=|sig%3D|securestring|pass|pwd|\bpw\b|secret|token|key|cookie|credential|authoriz|bearer|PRIVATE|Private-Lines|code=|:\/\/|protected|customData|userData|connectionString|accessSAS|commandToExecute|\bnet1?(?:\.exe)?"?\s|[\s/]-?-?p(?:at|w|wd|ass\w*)?[\s:="']|^-p|curl|wget|--user|\s-[uUPaw][\s=:]|\/r?p(?:w|wd)?[:\s]|\bsas\b|mysql|mariadb|\b7z|(?<![0-9a-f-])(?![0-9a-f-]+(?![A-Za-z0-9+/_-]))[A-Za-z0-9+/_]{20}|[a-z]{2,9}[_-][A-Za-z0-9]{16}|\b(?:xox|xapp|hvs|sk|dp|SG|ya29|AKIA|ASIA|ABIA|ACCA|AIza|tskey)|webhook|~|:AA|Basic |identified|machine |-us\d|[\da-f]:[\da-f]{32}|%25|smbclient|impacket|\.py\b|\/\/[^/\s]{16,256}@|:(?:54\d\d|6432|\*):/i;

// Texts of which there are many, and in which nothing can hide: ids of resources, times, words with digits.
const plainForms =
  /^(?:\/subscriptions\/[0-9a-f-]{36}(?:\/[A-Za-z][\w.()-]{0,59}){0,12}|\d{4}-\d\d-\d\dT[\d:.]{5,18}Z?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w ,.()/-]{0,11})$/i;

/** Texts that are JSON (request bodies in the activity log): redacted by property name; null when nothing was to be done. */
function redactedInnerJson(text: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const before = JSON.stringify(parsed);
  const after = JSON.stringify(redact(parsed));
  return before === after ? null : after;
}

/**
 * A plain JSON copy of a value without its secrets, by property name and by pattern: nothing that the caller does to the
 * value later changes it. What JSON cannot hold becomes what `JSON.stringify` makes of it, numbers that are not
 * finite become null, big integers and lone surrogates their nearest text, cycles and depths over 64 a remark.
 */
export function redact(value: unknown): Json {
  return copy(value, 0, new Set()) ?? null;
}

function copy(value: unknown, depth: number, above: Set<object>): Json | undefined {
  if (value === null) return null;
  switch (typeof value) {
    case 'string':
      return redactText(value).toWellFormed();
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return copyObject(value, depth, above);
    default:
      return undefined;
  }
}

function copyObject(value: object, depth: number, above: Set<object>): Json | undefined {
  if (above.has(value)) return '[circular]';
  if (depth >= deepest) return '[too deep]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  above.add(value);
  try {
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, above) ?? null);
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const replaced: unknown = value.toJSON();
      return copy(replaced, depth + 1, above);
    }
    const secretPair = namesASecret(value);
    const pairs: [string, Json][] = [];
    for (const [name, item] of Object.entries(value)) {
      // In Docker's file of registries; elsewhere an object of the name holds more than a secret.
      const docker = name === 'auth' && typeof item === 'string' && isBasic(item);
      const hide = docker || isSecretName(name) || (secretPair && name.toLowerCase() === 'value');
      const kept = hide ? hidden(item) : copy(item, depth + 1, above);
      if (kept !== undefined) pairs.push([redactText(name).toWellFormed(), kept]);
    }
    // Object.fromEntries makes `__proto__` an ordinary property.
    return Object.fromEntries(pairs);
  } finally {
    above.delete(value);
  }
}

/** `{ name: "Authorization", value: … }`, as headers and settings are often listed. */
function namesASecret(value: object): boolean {
  const name: unknown = 'name' in value ? value.name : 'key' in value ? value.key : undefined;
  return typeof name === 'string' && isSecretName(name);
}

/**
 * The value with each of its texts redacted, by their form alone: names of properties hide nothing here, so that the shape
 * stays what its reader expects. What holds no secret is the same object as before.
 */
export function withoutSecrets<T>(value: T): T {
  return textsRedacted(value, 0) as T;
}

function textsRedacted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null || depth >= deepest) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => textsRedacted(item, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const pairs = Object.entries(value).map(([name, item]) => [name, item, textsRedacted(item, depth + 1)] as const);
  if (pairs.every(([, before, after]) => before === after)) return value;
  return Object.fromEntries(pairs.map(([name, , after]) => [name, after]));
}

/** Presence is worth knowing: null, booleans and emptiness stay. */
function hidden(item: unknown): Json | undefined {
  if (item === undefined || typeof item === 'function' || typeof item === 'symbol') return undefined;
  if (item === null || typeof item === 'boolean' || item === '') return item;
  return redacted;
}
