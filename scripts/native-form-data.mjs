import { readFile } from 'node:fs/promises';

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

/**
 * Microsoft's clients ask of each request whether its body is a FormData, a name for which Node loads the whole of fetch():
 * 30 ms of a start. What one is says it is one.
 */
export const formDataByTag = {
  name: 'form-data-by-tag',
  setup(bundle) {
    const files = /ts-http-runtime[\\/]dist[\\/]esm[\\/](formData|client[\\/]sendRequest)\.js$/;
    bundle.onLoad({ filter: files }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const asks = 'typeof FormData !== "undefined" && body instanceof FormData';
      if (text.split(asks).length !== 2) throw new Error(`${path} does not ask once:\n${asks}`);
      const byTag = 'Object.prototype.toString.call(body) === "[object FormData]"';
      return { contents: text.replace(asks, byTag), loader: 'js' };
    });
  },
};
