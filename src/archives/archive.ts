/** A file in an archive. */
export interface ArchiveMember {
  /** As the archive has it, with `/` between folders. */
  name: string;
  /** Unpacked, as the archive says. */
  bytes: number;
  modified: Date;
  /** Why it cannot be read; "" where it can. */
  because: string;
}

/** An archive that is open: its members, and their bytes. */
export interface Archive {
  readonly members: readonly ArchiveMember[];
  /** Its damage, and members that no reader takes; one line each. */
  readonly remarks: readonly string[];
  /** The first member of a name. */
  member(name: string): ArchiveMember | undefined;
  /** Is there a member of that name that can be read? */
  has(name: string): boolean;
  /** The unpacked bytes of a member. They throw an ArchiveError where they are not what the archive says. */
  bytesOf(name: string): Promise<AsyncIterable<Buffer>>;
  /** Closes the file, as soon as no member of it is being read. */
  close(): Promise<void>;
}

/** Members of one archive; a collection of a whole system has some tens of thousands. */
export const mostMembers = 500_000;
/** Names longer than any that a system can have. */
export const longestName = 4096;
