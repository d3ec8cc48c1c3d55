declare const __CORDON_VERSION__: string | undefined;

/** The program's version; "development" when it runs from its sources. */
export const version = typeof __CORDON_VERSION__ === 'string' ? __CORDON_VERSION__ : 'development';
