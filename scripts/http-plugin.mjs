/**
 * A module of Node that is imported is asked for the value of each of its exports; those of `http` that are WebSocket's load
 * the whole of fetch() for it, 40 ms of work that nobody asked for. Taken with require, they are loaded when they are used.
 */
export const httpByRequire = {
  name: 'http-by-require',
  setup(bundle) {
    bundle.onResolve({ filter: /^(node:)?http$/ }, ({ namespace, kind }) =>
      namespace === 'by-require' || kind === 'require-call' ? undefined : { path: 'http', namespace: 'by-require' },
    );
    // Not written as a call of require, so that it stays one.
    bundle.onLoad({ filter: /.*/, namespace: 'by-require' }, () => ({
      contents: "const load = require; module.exports = load('node:http');",
    }));
  },
};
