/** The streams of a command that is run by a test, and what it wrote so far. */
export function capture() {
  const told = { out: '', err: '' };
  const sink = (name: 'out' | 'err') =>
    Object.assign(Object.create(process.stdout), {
      isTTY: false,
      write(text: string) {
        told[name] += text;
        return true;
      },
    });
  return { streams: { stdout: sink('out'), stderr: sink('err') }, out: () => told.out, err: () => told.err };
}
