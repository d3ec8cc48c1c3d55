/**
 * axios, which the client of Azure Data Explorer brings, takes forms from a package with a list of all media types, 160 kB.
 * Nothing here sends a form, and Node has forms of its own.
 */
export const nativeFormData = {
  name: 'native-form-data',
  setup(bundle) {
    bundle.onResolve({ filter: /^form-data$/ }, ({ path }) => ({ path, namespace: 'native' }));
    bundle.onLoad({ filter: /.*/, namespace: 'native' }, () => ({ contents: 'export default globalThis.FormData;' }));
  },
};
