import type { ExitCode } from '../../failure.ts';

/** What the help of a command ends with. */
interface Said {
  /** A line to type, and what it does. */
  examples: readonly (readonly [line: string, what: string])[];
  /** The exit codes besides 0 and 2; a text where a code means something of the command's own. */
  codes?: Partial<Record<ExitCode, true | string>>;
}

/** The exit codes of a command that reads Azure. */
const reads = { 3: true, 5: 'Azure did not answer' } as const;
/** The exit codes of a command that changes Azure. */
const changes = { 3: true, 4: true, 5: true, 6: true } as const;

/** Examples and exit codes by the words that call a command; "" is cordon itself. */
export const said: ReadonlyMap<string, Said> = new Map<string, Said>([
  [
    '',
    {
      examples: [
        ['cordon', 'the workbench: every VM in reach, the worst first'],
        ['cordon web01 --read-only', 'the same with a VM open, and no way to change it'],
        ['cordon --demo', 'on an incident of the built-in simulator'],
      ],
    },
  ],
  [
    'scan',
    {
      examples: [
        ['cordon scan --subscription contoso-prod', 'the VMs of one subscription'],
        ['cordon scan --json --fail-on high', 'for a script: exits 1 for a high finding'],
      ],
      codes: { 1: true, ...reads },
    },
  ],
  [
    'triage',
    {
      examples: [
        ['cordon triage rg-web/web01', 'a VM by group and name'],
        ['cordon triage web01 --case today', 'and entered into its case of today'],
        ['cordon triage web01 --evidence Security.evtx', 'with an exported event log beside its logs'],
      ],
      codes: { 1: true, ...reads },
    },
  ],
  [
    'incident',
    {
      examples: [
        ['cordon incident web01', 'which VMs and data the intruder reached from web01'],
        ['cordon incident --sentinel 4711 --case today', 'the VMs that an incident of Sentinel names'],
      ],
      codes: reads,
    },
  ],
  [
    'doctor',
    {
      examples: [
        ['cordon doctor', 'what can be read and done, with the commands that grant the rest'],
        ['cordon doctor --vm web01 --json --redact', 'for a report in public'],
      ],
      codes: { 3: 'not signed in, or no VM can be listed', 5: 'Azure did not answer' },
    },
  ],
  [
    'run',
    {
      examples: [
        ['cordon run contain-brute-force web01 --dry-run', 'the plan, with the digest that approves it'],
        ['cordon run lock-nsg web01 --yes --confirm web01', 'locks a VM'],
        ['cordon run lock-nsg web01 sql02 --yes --confirm 2', 'two VMs in one act'],
      ],
      codes: changes,
    },
  ],
  [
    'undo',
    {
      examples: [
        ['cordon undo 2026-11-23-web01', 'what can be undone'],
        ['cordon undo 2026-11-23-web01 --step lock --yes', 'undoes one step'],
        ['cordon undo --vm web01 --yes', 'lifts the locks at a VM, without their case'],
      ],
      codes: { 3: true, 5: 'not all of it could be undone', 6: true },
    },
  ],
  [
    'release',
    {
      examples: [
        ['cordon release 2026-11-23-web01', 'what the case has in force'],
        ['cordon release 2026-11-23-web01 --confirm web01', 'undoes it'],
      ],
      codes: { 3: true, 5: 'something is still in force, or cannot be seen', 6: true },
    },
  ],
  [
    'evtx',
    {
      examples: [
        ['cordon evtx collection/', 'every event log in a folder'],
        ["cordon evtx 'logs/**/*.evtx' --failures 5 --json", 'by a pattern; five failures are a burst'],
      ],
    },
  ],
  [
    'kql',
    {
      examples: [
        ["cordon kql 'SecurityEvent | summarize count() by EventID' --evidence Security.evtx", 'over a file'],
        ['cordon kql @logons.kql --evidence collection.zip --out rows.csv', 'a query from a file, into one'],
        ['cordon kql --vm web01 --hours 48', 'a prompt over the logs of a VM'],
        [
          'cordon kql @logons.kql --evidence collection.zip --cluster http://localhost:8080 --database NetDefaultDB',
          'over files, in a Kusto emulator on this computer',
        ],
      ],
      codes: { 2: 'wrong usage, or a fault in the query', ...reads, 5: 'no answer, or not all of it' },
    },
  ],
  [
    'detect',
    {
      examples: [
        ['cordon detect --rules rules/ --evidence collection/', 'which rules match, worst first'],
        ['cordon detect --rules rules/ --show-query', 'the rules as KQL, for Log Analytics'],
      ],
      codes: { 1: true },
    },
  ],
  ['case list', { examples: [['cordon case list', 'every case, newest first']] }],
  [
    'case show',
    {
      examples: [['cordon case show 2026-11-23-web01', 'what was seen, asked, decided and done, in order']],
      codes: { 6: true },
    },
  ],
  [
    'case verify',
    {
      examples: [
        ['cordon case verify 2026-11-23-web01', 'the chain of hashes in itself'],
        ['cordon case verify 2026-11-23-web01 --azure', 'and against tags and activity log in Azure'],
      ],
      codes: { 3: true, 6: true },
    },
  ],
  [
    'case anchor',
    {
      examples: [['cordon case anchor 2026-11-23-web01 --tsa https://tsa.example/tsr', 'a time stamp beside the case']],
      codes: { 5: 'the answer of the authority does not hold, and is not kept', 6: true },
    },
  ],
  [
    'case post',
    {
      examples: [
        ['cordon case post 2026-11-23-web01 --sentinel 4711 --dry-run', 'the comment, and what it takes'],
        ['cordon case post 2026-11-23-web01 --sentinel 4711 --yes', 'posts it'],
      ],
      codes: changes,
    },
  ],
  [
    'case export',
    {
      examples: [
        ['cordon case export 2026-11-23-web01', 'case notes in Markdown'],
        ['cordon case export 2026-11-23-web01 --format stix --out web01.json', 'for another tool'],
      ],
      codes: { 6: 'the case does not verify: what is readable of it was exported' },
    },
  ],
  [
    'playbook lint',
    {
      examples: [['cordon playbook lint own/*.yaml', 'what is wrong in your playbooks']],
      codes: { 1: 'there are remarks', 2: 'a file cannot be used, or wrong usage' },
    },
  ],
  ['playbook export', { examples: [['cordon playbook export lock-nsg --cacao', 'a playbook as CACAO 2.0, in JSON']] }],
  [
    'simulate',
    {
      examples: [
        ['cordon simulate --port 8443 --mutation-log changes.jsonl', 'for cordon --simulator, and other clients'],
      ],
    },
  ],
  [
    'completion',
    { examples: [['cordon completion bash > ~/.local/share/bash-completion/completions/cordon', 'for new shells']] },
  ],
  ['man', { examples: [['cordon man | man -l -', 'to read it without installing it']] }],
  ['schema', { examples: [['cordon schema triage', 'what cordon triage --json prints']] }],
]);
