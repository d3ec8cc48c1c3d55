/**
 * System calls that detections ask about, by their numbers: on x86-64, and on 64-bit ARM where it has them
 * (arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux, as of 6.1). auditd writes their names with
 * `log_format = ENRICHED` alone.
 */
const numbers = `open 2; connect 42 203; bind 49 200; socket 41 198; execve 59 221; kill 62 129; uname 63 160; rename 82;
  unlink 87; chmod 90; chown 92; sysinfo 99 179; ptrace 101 117; setuid 105 146; setreuid 113 145; setresuid 117 147; mknod 133;
  personality 135 92; prctl 157 167; adjtimex 159 171; settimeofday 164 170; mount 165 40; reboot 169 142; sethostname 170 161;
  init_module 175 105; delete_module 176 106; clock_settime 227 112; kexec_load 246 104; openat 257 56; mknodat 259 33;
  unlinkat 263 35; renameat 264 38; fchmodat 268 53; utimensat 280 88; finit_module 313 273; renameat2 316 276;
  memfd_create 319 279; kexec_file_load 320 294; bpf 321 280; execveat 322 281; open_tree 428 428; move_mount 429 429`;

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 (include/uapi/linux/audit.h). */
const architectures = ['c000003e', 'c00000b7'];

const names: ReadonlyMap<string, string> = new Map(
  numbers.split(';').flatMap((entry) => {
    const [name = '', ...own] = entry.trim().split(' ');
    return own.map((number, i) => [`${architectures[i]} ${number}`, name] as const);
  }),
);

/** The name of a system call's number; "" where it is not known here. */
export const syscallName = (arch: string, number: string): string => names.get(`${arch.toLowerCase()} ${number}`) ?? '';
