/** The text that replaces a secret. */
export const redacted = '[redacted]';

/** A pattern that keeps what names the secret ($1, and $2 after it) and replaces the rest. */
export type SecretPattern = readonly [RegExp, string];

// A value on a command line: in quotes, or up to a blank. All are bounded: the text is the attacker's.
const value = String.raw`(?:"[^"\r\n]{1,1024}"|'[^'\r\n]{1,1024}'|[^\s"'|&;]{1,1024})`;
const keep = `$1${redacted}`;

/**
 * Tokens that are recognized by their form, as their makers document it ("secret scanning patterns" of GitHub,
 * the rules of gitleaks), each with a prefix of its own.
 */
export const tokenForms: readonly RegExp[] = [
  // GitHub, GitLab
  /\bgh[pousr]_[A-Za-z0-9]{30,255}/g,
  /\bgithub_pat_\w{22,255}/g,
  /\bgl(?:pat|ptt|rt|rtr|dt|cbt|soat|ft|agent|imt|ffct|oas)-[\w.-]{16,255}/g,
  /\bGR1348941[\w-]{20,64}/g,
  // AWS: an access key id marks the secret key beside it
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g,
  // Slack
  /\bxox[abceoprs]-[\w-]{10,255}/g,
  /\bxapp-\d-[\w-]{10,255}/g,
  /\bhooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[\w/+-]{10,255}/g,
  // Teams and Discord: the address alone permits posting
  /\bwebhook\.office\.com\/webhookb2\/[\w@/-]{20,400}/g,
  /\bdiscord(?:app)?\.com\/api\/webhooks\/\d{5,25}\/[\w-]{20,255}/g,
  // Google
  /\bAIza[\w-]{35}/g,
  /\bya29\.[\w-]{20,2048}/g,
  /\bGOCSPX-[\w-]{20,64}/g,
  // Package registries and containers
  /\bnpm_[A-Za-z0-9]{36}/g,
  /\bpypi-AgE[\w-]{30,2048}/g,
  /\bdckr_(?:pat|oat)_[\w-]{20,255}/g,
  /\boy2[a-z0-9]{43}\b/g,
  /\brubygems_[a-f0-9]{48}/g,
  // Payment, mail, telephony
  /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}/g,
  /\bwhsec_[A-Za-z0-9+/=]{20,255}/g,
  /\bSG\.[\w-]{16,64}\.[\w-]{16,64}/g,
  /\bkey-[0-9a-f]{32}\b/g,
  /\b(?:SK|AC)[0-9a-f]{32}\b/g,
  /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}/g,
  /\bsq0(?:atp|csp|idp)-[\w-]{22,64}/g,
  /\bEAAA[\w-]{60}(?![\w-])/g,
  /\b[0-9a-f]{32}-us\d{1,2}\b/g,
  // Azure DevOps (new form), and Microsoft's annotated keys of Storage, Cosmos DB, Search, Functions, API Management …
  /\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}/g,
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{52}JQQJ9[9D][A-Za-z0-9+/_-]{20,60}={0,2}/g,
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{30,110}(?:AzFu|AzSe|ACDb|APIM|\+ACR|\+ASt|\+AMC|\+ABa|AIoT|\+AEh|\+ARm|\+ASb)[A-Za-z0-9+/_-]{5,8}={0,2}(?![A-Za-z0-9+/])/g,
  // Models, vaults, platforms
  /\bsk-(?:ant-|proj-|svcacct-|or-)?[A-Za-z0-9_-]{20,255}/g,
  /\bhf_[A-Za-z0-9]{30,64}/g,
  /\b(?:dapi|dose|dkea)[a-f0-9]{32}(?:-\d)?/g,
  /\bhv[bsr]\.[\w-]{20,255}/g,
  /\bdo[opr]_v1_[a-f0-9]{64}/g,
  /\bATATT3[\w=-]{50,255}/g,
  /\b(?:pul-|sq[uap]_)[a-f0-9]{40}/g,
  /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,80}/g,
  /\bsntry[su]_[\w+/=-]{40,512}/g,
  /\bops_eyJ[\w-]{60,4096}/g,
  /\bfm[12][ar]?_[A-Za-z0-9+/=]{40,4096}/g,
  /\bAKC[p5][A-Za-z0-9]{60,100}/g,
  /\bEAACEdEose0cBA[A-Za-z0-9]{20,255}/g,
  /\bglsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}/g,
  /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{30,64}/g,
  /\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}/g,
  /\bNRAK-[A-Z0-9]{27}/g,
  /\blin_api_[A-Za-z0-9]{40}/g,
  /\btskey-[a-z]{2,12}-[\w-]{10,64}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{58}/g,
  // Bots of Telegram and Discord
  /(?<!\d)\d{8,10}:AA[\w-]{33}\b/g,
  /\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}/g,
  // LM and NT hash of an account, with which one signs in as with its password.
  /\b[0-9a-f]{32}:[0-9a-f]{32}\b/gi,
  // Most makers' form: some letters, a separator, and a long run that a person would not write. Names of resources come
  // after a slash, parameters after `=`: there it is their name that counts.
  /(?<![\w=&%/.+-])[A-Za-z][A-Za-z0-9]{1,9}[_-](?=[A-Za-z]{0,64}\d)(?=[A-Z0-9]{0,64}[a-z])(?=[a-z0-9]{0,64}[A-Z])[A-Za-z0-9]{32,255}(?![\w+/=.-])/g,
];

/** Secrets named by the text before them: headers, settings, command lines. */
export const namedSecrets: readonly SecretPattern[] = [
  // Headers. A scheme that is not known is hidden with what follows it.
  [
    /\b((?:Proxy-)?Authorization"?\s{0,4}[:=]\s{0,4}"?)(?!(?:Basic|Bearer|Digest|Negotiate|SharedKey|SharedKeyLite|SharedAccessSignature)\s)(?!\s|\[redacted\])[^\r\n"',;]{4,4096}/gi,
    keep,
  ],
  [
    /\b((?:x-)?(?:[a-z]{2,20}-)?(?:api-?key|auth-?token|access-?token|security-token|subscription-key|functions-key|vault-token|session-token|private-token|secret-key|api-?token|identity-header|zumo-auth|master-key)"?\s{0,4}[:=]\s{0,4}["']?)(?!\[redacted\])[^\s"',;&]{4,4096}/gi,
    keep,
  ],
  [/\b((?:Set-)?Cookie:\s{0,4})(?!\s|\[redacted\])[^\r\n"']{3,8192}/gi, keep],
  // Settings: NAME=value, also with a longer name (PGPASSWORD, AWS_SECRET_ACCESS_KEY). `==` compares, and sets nothing.
  [
    /(?<![\w-])(\w{0,60}(?:PASSWORD|PASSWD|PASSPHRASE|_PWD|SECRET|_TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|KEYMATERIAL|_AUTHTOKEN|(?<!\w)_AUTH|_PASS|_PAT)(?:_ID)?(?:(?<=_TOKEN)_\w{1,60})?\s{0,2}=\s{0,2})(?!=|\[redacted\])(?:"[^"\r\n]{1,1024}"|'[^'\r\n]{1,1024}'|[^\s;"'&|]{1,1024})/gi,
    keep,
  ],
  // The same in YAML and in JSON inside text: NAME: value. A value is one word, or quoted.
  [
    /(?<![\w-])((?:\\?["']\w{0,40}(?:password|passwd|passphrase|secret_?key|api_?key|access_?key|client-key-data|identitytoken)\\?["']\s{0,2}:\s{0,2}|\w{0,40}(?:password|passwd|passphrase|secret_?key|api_?key|access_?key|client-key-data)\s{0,2}:\s{1,2}))(?!\[redacted\]|\\?["']?(?:null|true|false|\{|\[))(?:\\?"(?:[^"\\\r\n]|\\[^"]){1,1024}|'[^'\r\n]{1,1024}'|(?=[^\s"']{0,64}[\d!@#$%^*]|[^\s"']{1,64}\s{0,2}(?:["',;}\r\n]|$))[^\s;"'&|,}\\]{1,1024})/gi,
    keep,
  ],
  // Docker's file of registries, tokens of Kubernetes.
  [/(\\?"(?:auth|token)\\?"\s{0,2}:\s{0,2}\\?")(?!\[redacted\])[A-Za-z0-9+/_.=-]{16,4096}/g, keep],
  [/(<(\w{0,40}Password)>(?:\s{0,8}<Value>)?)(?!\[redacted\])[^<\r\n]{1,1024}/gi, keep],
  [/(\bmachine\s{1,4}\S{1,255}\s{1,8}login\s{1,4}\S{1,128}\s{1,8}password\s{1,4})(?!\[redacted\])\S{1,512}/gi, keep],
  // PostgreSQL's file of passwords: host:port:database:user:password. An IPv6 address has more parts, or an empty one.
  [
    /((?<![\w:.*-])[\w.*-]{1,255}:(?:54\d\d|6432|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:)(?!\[redacted\])[^\s:"'\\]{4,256}(?=$|[\s"'\\])/g,
    keep,
  ],
  // Passwords that rclone keeps, in its own form.
  [/(\bpass2?\s{1,2}=\s{1,2})[\w-]{22,512}(?![\w-])/g, keep],
  [
    /(\bIDENTIFIED\s{1,4}(?:WITH\s{1,4}\w{1,40}\s{1,4})?(?:BY|AS)\s{1,4})(?:"[^"\r\n]{1,1024}"|'[^'\r\n]{1,1024}')/gi,
    keep,
  ],
  [/(\bSharedKey(?:Lite)?\s{1,4}\w{1,64}:)(?!\[redacted\])[A-Za-z0-9+/]{20,}={0,2}/g, keep],
  // A token in the place of the account: https://TOKEN@host
  [/(\b(?:https?|git):\/\/)(?=[^\s/:@]{0,255}\d)[^\s/:@"'<>[]{16,256}(?=@)/gi, keep],
  // Command lines of Windows.
  [
    new RegExp(
      String.raw`\b(setx(?:\.exe)?\s{1,4}\w{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|_PASS|_PAT)\s{1,4})(?![/\[])${value}`,
      'gi',
    ),
    keep,
  ],
  [
    new RegExp(
      String.raw`\b(net1?(?:\.exe)?"?\s{1,4}user\s{1,4}(?:"[^"\r\n]{1,256}"|[^\s"/]{1,256})\s{1,4})(?![/*])${value}`,
      'gi',
    ),
    keep,
  ],
  [
    new RegExp(
      String.raw`\b(net1?(?:\.exe)?"?\s{1,4}use\s{1,4}(?:[a-z*]:?\s{1,4})?\\\\[^\s"]{1,256}\s{1,4})(?![/*])${value}`,
      'gi',
    ),
    keep,
  ],
  [
    new RegExp(
      String.raw`(\bnet1?(?:\.exe)?"?\s{1,4}use\b[^\r\n|&]{0,300}\s/u(?:ser)?:[^\s"]{1,256}\s{1,4})(?![/*])${value}`,
      'gi',
    ),
    keep,
  ],
  [
    new RegExp(
      String.raw`(\s/(?:p|rp|pass|password|pwd|pw|k):?(?:\s{1,4}|(?<=:)))(?![/\d]|\[redacted\])${value}`,
      'gi',
    ),
    keep,
  ],
  // PowerShell.
  [
    new RegExp(
      String.raw`\b(ConvertTo-SecureString(?:\s{1,4}-(?:AsPlainText|Force))*\s{1,4}(?:-String\s{1,4})?)(?![-$(])${value}`,
      'gi',
    ),
    keep,
  ],
  [/()(?:"[^"\r\n]{1,1024}"|'[^'\r\n]{1,1024}')(\s{0,4}\|\s{0,4}ConvertTo-SecureString)/gi, `${redacted}$2`],
  [
    /((?:NetworkCredential|PSCredential)\]?(?:::new)?\s{0,4}\(\s{0,4}(?:"[^"\r\n]{0,256}"|'[^'\r\n]{0,256}'|\$\w{1,64})\s{0,4},\s{0,4})(?:"[^"\r\n]{1,1024}"|'[^'\r\n]{1,1024}')/gi,
    keep,
  ],
  [
    new RegExp(
      String.raw`((?<![\w-])-(?:\w{0,24}Passwo?rd|Passwd|Passphrase|Pwd|Pw|\w{0,24}Secret|\w{0,24}ApiKey|\w{0,24}(?:Access|Sas|Auth)Token|\w{0,24}(?:Account|Access|Shared)Key)(?:\s{1,4}|[:=]))(?![-$(]|\[redacted\])${value}`,
      'gi',
    ),
    keep,
  ],
  // Command lines of Linux and of tools on both.
  [new RegExp(String.raw`\b(sshpass\s{1,4}(?:-[ev]\s{1,4}){0,2}-p\s{0,4})(?!\[redacted\])${value}`, 'gi'), keep],
  [
    /(\b(?:curl|wget|http|https)(?:\.exe)?\b[^\r\n|;]{0,600}?\s(?:-u|--user|--proxy-user|-U)[ =]{0,2}["']?[^\s:"']{1,128}:)(?!\[redacted\])[^\s"']{1,1024}/gi,
    keep,
  ],
  [
    new RegExp(
      String.raw`(--(?:[a-z]{1,20}-){0,3}(?:password|passwd|passphrase|secret|token|api-?key|access-key|account-key|sas|pat)(?:\s{1,4}|=))(?!-|\[redacted\])${value}`,
      'gi',
    ),
    keep,
  ],
  [
    new RegExp(
      String.raw`(\b(?:mysql|mysqldump|mysqladmin|mariadb)(?:\.exe)?\b[^\r\n|;]{0,300}?\s-p)(?![\s-]|\[redacted\])${value}`,
      'gi',
    ),
    keep,
  ],
  [
    new RegExp(
      String.raw`(\b(?:sqlcmd|bcp|osql|unzip|redis-cli|ldapsearch|ldapadd|ldapmodify)(?:\.exe)?\b[^\r\n|;]{0,300}?\s-[Paw]\s{0,4})(?!-|\[redacted\])${value}`,
      'g',
    ),
    keep,
  ],
  // USER%PASSWORD of Samba, DOMAIN/USER:PASSWORD@HOST of Impacket
  [
    /(\b(?:smbclient|rpcclient|smbget|net|winexe)\b[^\r\n|;]{0,300}?\s(?:-U|--user)[ =]?["']?[^\s%"']{1,128}%)(?!\[redacted\])[^\s"']{1,512}/g,
    keep,
  ],
  [
    /((?:\.py|impacket-\w{2,20})\b[^\r\n|;]{0,300}?\s["']?(?:[\w.-]{1,64}\/)?[\w.-]{1,64}:)(?!\[redacted\])[^\s"'@]{1,512}(?=@[\w.-])/gi,
    keep,
  ],
  [
    /(\bopenssl\s{1,4}passwd\s{1,4}(?:-\w{1,8}\s{1,4}){0,4})(?![-$]|\[redacted\])(?:"[^"\r\n]{1,1024}"|'[^'\r\n]{1,1024}'|[^\s"'|&;)]{1,1024})/gi,
    keep,
  ],
  [
    /(\becho\s{1,4}(?:-n\s{1,4})?)(?!\[redacted\])(?:"[^"\r\n]{1,512}"|'[^'\r\n]{1,512}'|[^\s"'|]{1,512})(?=\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?(?:passwd\b|su\b|sudo\s{1,4}-S))/gi,
    keep,
  ],
  [new RegExp(String.raw`(\b7z[ar]?(?:\.exe)?\b[^\r\n|;]{0,300}?\s-p)(?![\s-]|\[redacted\])${value}`, 'gi'), keep],
  [/(\bpass:)(?!\[redacted\])[^\s"']{1,1024}(?=\s|"|'|$)/g, keep],
  [
    /(\b(?:echo|printf)\s{1,4}["']?[\w.-]{1,64}:)(?!\[redacted\])[^\s"':]{1,512}(?=["']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?chpasswd)/gi,
    keep,
  ],
  // AWS: a secret key has no form of its own.
  [
    /(\baws_?(?:secret|session)_?(?:access_?)?(?:key|token)\b["']?\s{0,4}[:=]\s{0,4}["']?)(?!\[redacted\])[A-Za-z0-9+/=]{16,2048}/gi,
    keep,
  ],
];

// `-p` is also a port, a folder to make, a process: of these programs it is no password.
const noPassword =
  /(?:^|[\s"'\\/;|&(])(?:mkdir|md|ssh|scp|sftp|cp|mv|nmap|masscan|docker|podman|nerdctl|kubectl|ps|tar|rsync|git|install|netstat|ss|lsof|make|ping|pkill|pgrep|python3?|node|perl|bash|sh|dpkg|patch|ls|touch|read|declare|export|iptables|nc|ncat|telnet|vim?|less|bat|tsc|unzip|xargs|parallel|jq|pip3?|npm|npx|yarn|pnpm|strace|gdb|perf|systemctl|journalctl|top|htop|kill)(?:\.exe)?\b[^|;&\r\n]{0,200}$/i;
const password = new RegExp(String.raw`((?<![\w-])-p(?:\s{1,4}|=))(?!-|\[redacted\])(${value})`, 'g');

/** `-p P` of a program that is not known to mean something else by it; ports and paths stay. */
export function withoutPasswordOption(text: string): string {
  return text.replace(password, (whole, option: string, given: string, at: number) => {
    const plain = given.replace(/^["']|["']$/g, '');
    const harmless = /^[\d:,./-]{1,60}$/.test(plain) || /^(?:\.{0,2}[/\\]|~|[A-Za-z]:\\|\$)/.test(plain);
    if (harmless || noPassword.test(text.slice(Math.max(0, at - 240), at))) return whole;
    return `${option}${redacted}`;
  });
}
