/** As much of WebAssembly as is used; TypeScript has it only together with a browser's names. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    /** `shared`: a page is 64 KiB; the memory never moves, so that what was seen of it stays when it grows. */
    constructor(size: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    /** Adds pages, at once for all threads, and gives how many there were. Throws a RangeError. */
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: unknown;
  }
}
