import type { KqlError } from '../kql/kqlerror.ts';

/** Diagnostics of Microsoft's analyser that speak of grammar: the services call these syntax errors. */
const grammar = /^KS(00\d|174|176|198)$/;

export const isSyntax = (error: KqlError): boolean =>
  error.kind === 'syntax' || error.diagnostics.some((each) => grammar.test(each.code));

/** The name of a table, column or function that a query uses and that is not there. */
export const unresolvedName = (error: KqlError): string | undefined =>
  error.diagnostics.find((each) => each.code === 'KS204')?.token ??
  error.diagnostics.find((each) => /^KS(142|211)$/.test(each.code))?.token;

/** The name of a table that is not there. */
export const unresolvedTable = (error: KqlError): string | undefined =>
  error.diagnostics.find((each) => each.code === 'KS204')?.token;
