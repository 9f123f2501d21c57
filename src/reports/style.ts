/** The report's style sheet: one file, no fonts or pictures from elsewhere; light, dark and on A4. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --ink: #18212c; --muted: #5c6875; --line: #d8dee6; --page: #ffffff; --panel: #f5f7f9; --band: #f2f5f8;
  --pass: #1b7f4d; --pass-soft: #cfe8da; --marginal: #8a6400; --marginal-soft: #f1dfae; --fail: #bb2229; --fail-soft: #f5d0d1;
  --error: #47607a; --error-soft: #d4dee8; --accent: #1c5fb0; --accent-soft: #d6e4f5; --clock: #9aa7b5;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e4eaf1; --muted: #98a5b3; --line: #2e3945; --page: #10161d; --panel: #18202a; --band: #161e27;
    --pass: #45b57f; --pass-soft: #1d4633; --marginal: #d9ab3a; --marginal-soft: #4d3f18; --fail: #f0656b; --fail-soft: #57262a;
    --error: #8fabc7; --error-soft: #2a3b4d; --accent: #6aa6ee; --accent-soft: #203a58; --clock: #66737f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 1060px; padding: 28px 28px 60px; background: var(--page); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:target { background: var(--accent-soft); }
h2 { font-size: 17px; margin: 36px 0 10px; padding-bottom: 5px; border-bottom: 1px solid var(--line); }
h3 { font-size: 14px; margin: 0; }
p { margin: 4px 0; }
.muted { color: var(--muted); }
.mono, pre, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.top { display: flex; justify-content: space-between; align-items: flex-end; gap: 20px; margin-bottom: 16px; }
.brand { display: flex; align-items: center; gap: 10px; font-size: 19px; font-weight: 650; letter-spacing: -.01em; }
.brand svg { width: 34px; height: 24px; }
.brand span { color: var(--muted); font-weight: 400; font-size: 15px; letter-spacing: 0; }
.top .when { text-align: right; color: var(--muted); font-size: 13px; line-height: 1.4; }

.banner { border-radius: 8px; padding: 20px 26px; color: #fff; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.banner .word { font-size: 36px; font-weight: 750; letter-spacing: .01em; line-height: 1.1; }
.banner .meaning { font-size: 17px; font-weight: 600; margin-top: 3px; }
.banner .cause { margin-top: 10px; font-size: 15px; max-width: 80ch; overflow-wrap: anywhere; }
.banner.pass { background: #1b7f4d; }
.banner.marginal { background: repeating-linear-gradient(-45deg, #1b7f4d 0 22px, #5c7a22 22px 44px); }
.banner.fail { background: #b3202a; }
.banner.error { background: #47607a; }
.banner .cause a { color: #fff; text-decoration: underline; }
.steps { display: grid; grid-template-columns: repeat(6, 1fr); gap: 6px; margin: 10px 0 0; padding: 0; list-style: none; }
.steps li { border: 1px solid var(--line); border-top: 4px solid var(--c, var(--line)); border-radius: 5px; padding: 6px 10px; }
.steps a { color: inherit; display: block; }
.steps b { display: block; }
.steps span { color: var(--muted); font-size: 12.5px; }
.steps span i { font-style: normal; color: var(--c); font-weight: 650; }
.is-pass { --c: var(--pass); } .is-marginal { --c: var(--marginal); } .is-fail { --c: var(--fail); } .is-error { --c: var(--error); }
.is-skipped, .is-not-reached { --c: var(--muted); }
.note { border-left: 4px solid var(--c, var(--accent)); background: var(--panel); padding: 10px 16px; margin: 12px 0 0; border-radius: 0 6px 6px 0; }
.note ul { margin: 2px 0 0; padding-left: 20px; }

.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 0 36px; }
.facts h2 { margin-top: 26px; }
dl { display: grid; grid-template-columns: 128px 1fr; gap: 3px 12px; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }

.stage { padding: 14px 0 12px; border-bottom: 1px solid var(--line); break-inside: avoid; }
.stage:last-child { border-bottom: 0; }
.stage header { display: flex; align-items: baseline; gap: 10px; }
.stage h3 { font-size: 15.5px; }
.stage header .took { margin-left: auto; color: var(--muted); font-size: 13px; white-space: nowrap; }
.chip { background: var(--c); color: var(--page); border-radius: 10px; padding: 0 9px; font-size: 12px; font-weight: 650; line-height: 19px; white-space: nowrap; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.stage .next { font-weight: 600; }
.stage .next span { color: var(--muted); font-weight: 400; }
.stage .events { font-size: 12.5px; color: var(--muted); }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 400; }
thead th { color: var(--muted); font-size: 12px; border-bottom: 1px solid var(--line); }
td, th { padding: 2px 10px 2px 0; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.evidence, th.evidence { text-align: right; padding-right: 0; width: 52px; font-size: 12px; }
.measurements { margin-top: 8px; }
.measurements td, .measurements th { border-top: 1px dotted var(--line); vertical-align: middle; }
.measurements th { width: 220px; }
.measurements td.number { width: 100px; font-weight: 650; }
.measurements td.number.fail { color: var(--fail); } .measurements td.number.marginal { color: var(--marginal); }
.measurements .bar-cell { width: 172px; padding-left: 10px; }
.measurements svg { width: 150px; height: 14px; margin: 0; vertical-align: middle; }

figure { margin: 0; break-inside: avoid; }
figure.wide { overflow-x: auto; }
figcaption { color: var(--muted); font-size: 13px; margin-top: 4px; }
.pair { display: grid; grid-template-columns: 2fr 1fr; gap: 8px; }
svg { display: block; width: 100%; height: auto; }
svg .t { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); }
svg .t.small { font-size: 11px; } svg .t.strong { font-weight: 650; } svg .t.muted { fill: var(--muted); }
svg .t.mono { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
svg .t.good { fill: var(--pass); } svg .t.bad { fill: var(--fail); } svg .t.limit-text { fill: var(--fail); }
svg .band { fill: var(--band); } svg .none { fill: none; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .base { stroke: var(--clock); stroke-width: 1; }
svg .mark { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 2 3; }
svg .limit { stroke: var(--fail); stroke-width: 1.2; stroke-dasharray: 6 4; }
svg .trace { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round; }
svg .area { fill: var(--accent-soft); opacity: .6; }
svg .bar.pass { fill: var(--pass); } svg .bar.marginal { fill: var(--marginal); } svg .bar.fail { fill: var(--fail); }
svg .bar.error { fill: var(--error); } svg .bar.skipped, svg .bar.not-reached { fill: var(--line); }
svg .pulse.clock { fill: var(--clock); } svg .pulse.data { fill: var(--accent); }
svg .pulse.foreign { fill: var(--fail); } svg .pulse.lost { fill: none; stroke: var(--fail); stroke-width: .8; stroke-dasharray: 2 2; }
svg .contact { fill: var(--band); stroke: var(--line); } svg .contact.minus { fill: var(--ink); } svg .contact.plus { fill: var(--fail); }
svg .on-contact { fill: var(--page); }
svg .bad-zone { fill: var(--fail-soft); } svg .marginal-zone { fill: var(--marginal-soft); } svg .good-zone { fill: var(--pass-soft); }
svg .needle { stroke: var(--pass); stroke-width: 3; } svg .needle.marginal { stroke: var(--marginal); } svg .needle.fail { stroke: var(--fail); }
svg .needle-back { stroke: var(--page); stroke-width: 6; }

.ladder td { border-top: 1px dotted var(--line); padding-top: 3px; padding-bottom: 3px; }
.ladder .from-bench { text-align: right; width: 43%; }
.ladder .from-phone { width: 43%; }
.ladder .arrow { width: 30px; text-align: center; color: var(--accent); padding: 3px 4px; font-size: 15px; line-height: 1.2; }
.ladder td:first-child { width: 58px; }
.ladder .landmark span { display: block; text-align: center; background: var(--panel); border-radius: 4px; font-weight: 600; padding: 1px 8px; }
.ladder .service { color: var(--muted); font-style: italic; }
.ladder .message, .events-table td { overflow-wrap: anywhere; }
.tag { background: var(--accent-soft); border-radius: 3px; padding: 0 5px; font-size: 11px; white-space: nowrap; }
.tag.untagged { background: none; color: var(--muted); border: 1px solid var(--line); }
.events-table td { font-size: 12px; border-top: 1px dotted var(--line); padding-top: 1px; padding-bottom: 1px; }
.events-table td:nth-child(1), .events-table td:nth-child(2), .events-table td:nth-child(5) { text-align: right; white-space: nowrap; }
pre { font-size: 11.5px; line-height: 1.45; background: var(--panel); border-radius: 6px; padding: 12px 16px; white-space: pre-wrap; overflow-wrap: anywhere; }
.hash { font-size: 12px; overflow-wrap: anywhere; }
footer { margin-top: 40px; color: var(--muted); font-size: 12px; }

@media screen and (max-width: 760px) {
  body { padding: 16px; }
  .facts, .pair { grid-template-columns: 1fr; }
  .steps { grid-template-columns: repeat(3, 1fr); }
  .top { flex-direction: column; align-items: flex-start; }
  .top .when { text-align: left; }
  figure.wide svg { min-width: 820px; }
  .pair svg + svg { max-width: 420px; }
  .measurements th { width: auto; }
}
@page { size: A4; margin: 13mm 12mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 11px; }
  h2 { margin-top: 20px; break-after: avoid; }
  table { font-size: 10px; } thead th, .tag, .ladder .arrow, td.evidence, th.evidence { font-size: 9px; } .stage header .took, .stage .events { font-size: 10px; } .stage h3 { font-size: 13px; } .ladder .arrow { font-size: 11px; } .events-table td { font-size: 9px; } pre { font-size: 8.5px; }
  tr { break-inside: avoid; }
  .banner { padding: 14px 18px; } .banner .word { font-size: 28px; }
  .steps b { font-size: 10.5px; } .steps span { font-size: 10px; white-space: nowrap; } .steps li { padding: 5px 7px; }
  dl { grid-template-columns: 92px 1fr; }
  .top .when, figcaption { font-size: 10.5px; } .banner .cause { font-size: 12px; margin-top: 6px; }
  .new-page { break-before: page; }
  svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
