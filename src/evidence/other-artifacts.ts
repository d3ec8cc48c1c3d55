import { baseName } from '../archives/evidence-path.ts';
import { isText } from './decoded-head.ts';

/** Evidence of a form that is not read here, and the programs that read it. */
export interface Artifact {
  /** One of them: "registry hive". */
  what: string;
  /** "read them with RECmd or regipy": which program reads it, or makes it readable here. */
  cure: string;
}

interface Signature extends Artifact {
  /** The bytes at a place of the file, each character one byte. */
  at: number;
  bytes: string;
}

const images = 'attach it read-only and name the folder (also qemu-nbd, ewfmount, Arsenal Image Mounter)';
const captures = 'read them with Wireshark, Zeek or Suricata';
const memory = 'read them with Volatility or MemProcFS';

/**
 * By what their bytes are: libyal's format specifications (github.com/libyal, 2024), Microsoft's [MS-VHDX], "Virtual Hard Disk
 * Image Format Specification" 1.0 and [MS-SHLLINK], the pcap and pcapng drafts of the IETF, "SQLite Database File Format".
 */
const signatures: readonly Signature[] = [
  { at: 0, bytes: 'vhdxfile', what: 'virtual disk (VHDX)', cure: images },
  { at: 0, bytes: 'conectix', what: 'virtual disk (VHD)', cure: images },
  { at: 0, bytes: 'EVF\t\r\n\u00ff\0', what: 'disk image (E01)', cure: images },
  { at: 0, bytes: 'EVF2\r\n\u0081\0', what: 'disk image (Ex01)', cure: images },
  { at: 0, bytes: 'LVF\t\r\n\u00ff\0', what: 'logical image (L01)', cure: images },
  {
    at: 0,
    bytes: 'ADSEGMENTEDFILE',
    what: 'logical image (AD1)',
    cure: 'open it with FTK Imager and export the files',
  },
  { at: 0, bytes: 'KDMV', what: 'virtual disk (VMDK)', cure: images },
  { at: 0, bytes: 'QFI\u00fb', what: 'virtual disk (qcow2)', cure: images },
  { at: 3, bytes: 'NTFS    ', what: 'raw disk image', cure: images },
  { at: 512, bytes: 'EFI PART', what: 'raw disk image', cure: images },
  { at: 1080, bytes: '\u0053\u00ef', what: 'raw disk image', cure: images },
  { at: 0, bytes: '\u00d4\u00c3\u00b2\u00a1', what: 'network capture', cure: captures },
  { at: 0, bytes: '\u00a1\u00b2\u00c3\u00d4', what: 'network capture', cure: captures },
  { at: 0, bytes: '\u004d\u003c\u00b2\u00a1', what: 'network capture', cure: captures },
  { at: 0, bytes: '\u00a1\u00b2\u003c\u004d', what: 'network capture', cure: captures },
  { at: 0, bytes: '\u000a\u000d\u000d\u000a', what: 'network capture', cure: captures },
  {
    at: 0,
    bytes: 'Obj\u0001',
    what: 'Avro file (capture of an event hub)',
    cure: 'make JSON lines of them (avro-tools tojson FILE), and those of the texts in Body',
  },
  { at: 0, bytes: 'regf', what: 'registry hive', cure: 'read them with RECmd or regipy' },
  { at: 0, bytes: 'MAM\u0004', what: 'prefetch file', cure: 'read them with PECmd or libscca' },
  { at: 4, bytes: 'SCCA', what: 'prefetch file', cure: 'read them with PECmd or libscca' },
  { at: 0, bytes: 'FILE0\0', what: '$MFT', cure: 'read them with MFTECmd or analyzeMFT' },
  { at: 0, bytes: 'RSTR', what: '$LogFile of NTFS', cure: 'read them with LogFileParser or MFTECmd' },
  {
    at: 4,
    bytes: '\u00ef\u00cd\u00ab\u0089',
    what: 'ESE database (SRUM, web cache)',
    cure: 'read them with SrumECmd or libesedb',
  },
  { at: 0, bytes: 'SQLite format 3\0', what: 'SQLite database', cure: 'read them with sqlite3 or SQLECmd' },
  { at: 0, bytes: 'L\0\0\0\u0001\u0014\u0002\0', what: 'shortcut (.lnk)', cure: 'read them with LECmd' },
  {
    at: 0,
    bytes: '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1',
    what: 'compound file (jump list, .msi, .doc)',
    cure: 'read jump lists with JLECmd',
  },
  {
    at: 0,
    bytes: '\u0030\0\0\0LfLe',
    what: 'event log of Windows XP or 2003 (.evt)',
    cure: 'read them with evtexport',
  },
  { at: 0, bytes: 'MSCF', what: 'cabinet (.cab)', cure: 'unpack them (expand -F:* FILE FOLDER, or cabextract)' },
  { at: 0, bytes: 'PAGEDU64', what: 'memory dump', cure: memory },
  { at: 0, bytes: 'PAGEDUMP', what: 'memory dump', cure: memory },
  { at: 0, bytes: 'EMiL', what: 'memory dump', cure: memory },
  { at: 0, bytes: 'AVML', what: 'memory dump', cure: memory },
  { at: 0, bytes: 'HIBR', what: 'memory dump', cure: memory },
  { at: 0, bytes: 'hibr', what: 'memory dump', cure: memory },
];

/** Of files whose content has no mark: by their names. */
const names: readonly (Artifact & { name: RegExp })[] = [
  { name: /^\$(?:J|UsnJrnl.*)$/i, what: 'USN journal', cure: 'read them with MFTECmd' },
  { name: /^\$MFT(?:Mirr)?$/i, what: '$MFT', cure: 'read them with MFTECmd or analyzeMFT' },
  {
    name: /^(?:.*%2F)?lastlog$/i,
    what: 'lastlog',
    cure: 'read them with lastlog(8), beside the passwd of their computer',
  },
  {
    name: /^(?:.*%2F)?(?:faillog|tallylog)$/i,
    what: 'faillog, counts of failed logons by user number',
    cure: 'read them with faillog(8) or pam_tally2(8), beside the passwd of their computer',
  },
  {
    name: /\.etl$/i,
    what: 'event trace (.etl)',
    cure: 'read them with tracerpt, or convert them (netsh trace convert)',
  },
  { name: /\.vhd$/i, what: 'virtual disk (VHD)', cure: images },
  { name: /\.(?:dd|img|raw|001)$/i, what: 'raw disk image', cure: images },
  { name: /\.(?:mem|vmem|lime|dmp)$/i, what: 'memory dump', cure: memory },
  { name: /^(?:pagefile|swapfile|hiberfil)\.sys$/i, what: 'memory dump', cure: memory },
];

/** The last logon of each user since util-linux 2.40 (lastlog2(8)), a database of SQLite. */
const lastlog2: Artifact = {
  what: 'lastlog2',
  cure: "read them with lastlog2(8) (--database FILE), or sqlite3 FILE 'SELECT * FROM Lastlog2'",
};

/** The artifact that a file is, by the first bytes of its content and, where these say nothing, by its name; or null. */
export function artifactOf(path: string, head: Buffer): Artifact | null {
  const text = head.toString('latin1');
  if (text.startsWith('SQLite format 3\0') && /^(?:.*%2F)?lastlog2\.db$/i.test(baseName(path))) return lastlog2;
  const found = signatures.find(({ at, bytes }) => text.startsWith(bytes, at));
  if (found) return found;
  const name = baseName(path);
  // A text is none of these, whatever it is called.
  return isText(head) ? null : (names.find((one) => one.name.test(name)) ?? null);
}
