/** How the notes look on a screen, and on A4 or Letter paper: page one first, each annex on a page of its own. */
export const printStyle = `
:root { color-scheme: light dark; --line: #8886; --quiet: #8882; --alarm: #c50f1f; --high: #a15c00; }
body { font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { margin: 0 0 .3rem; } h2 { margin: 1.4rem 0 .3rem; border-bottom: 1px solid var(--line); } h3 { margin: .8rem 0 .2rem; }
h1.annex { margin-top: 3rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: 13px; }
th, td { border: 1px solid var(--line); padding: .2rem .4rem; text-align: left; vertical-align: top; overflow-wrap: break-word; }
thead th, .day th { background: var(--quiet); }
span { white-space: nowrap; } pre span { white-space: inherit; } .part { display: inline-block; }
td.time, td.mark { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.id { font: 12px/1.4 ui-monospace, "Cascadia Mono", monospace; overflow-wrap: anywhere; }
.verdict th { white-space: nowrap; width: 1%; }
.critical th { color: var(--alarm); } .high th { color: var(--high); }
pre { background: var(--quiet); padding: .75rem; overflow-x: auto; font: 13px/1.45 ui-monospace, "Cascadia Mono", monospace; }
.quiet { font-size: 12px; opacity: .8; }
.alarm { border-left: 4px solid var(--alarm); background: var(--quiet); padding: .5rem .75rem; font-weight: 600; }
.minus { color: #c50f1f; } .plus { color: #0b7a3b; }
@page { size: A4; margin: 11mm 11mm 13mm; @bottom-right { content: counter(page) " / " counter(pages); font: 7pt sans-serif; } }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; margin: 0; padding: 0; font-size: 8.6pt; line-height: 1.25; }
  h1 { font-size: 14pt; } h2 { font-size: 10.5pt; margin: 6pt 0 2pt; } h3 { font-size: 9pt; margin: 4pt 0 1pt; }
  h1.annex { break-before: page; margin-top: 0; }
  h1, h2, h3 { break-after: avoid; }
  p { margin: 2pt 0; } ul { margin: 2pt 0; padding-left: 12pt; }
  table { font-size: 7.6pt; line-height: 1.2; margin: 2pt 0; }
  th, td { padding: .6pt 2.5pt; border-color: #bbb; }
  thead { display: table-header-group; } tr { break-inside: avoid; }
  .day { break-after: avoid; }
  .quiet { font-size: 7pt; } .alarm { padding: 2pt 5pt; }
  td.id { font-size: 6.4pt; white-space: nowrap; overflow-wrap: normal; }
  pre { white-space: pre-wrap; font-size: 6.6pt; line-height: 1.2; padding: 3pt; margin: 2pt 0; overflow-wrap: anywhere; }
}
`;
