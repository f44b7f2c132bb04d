"""How the page of a report looks: light, dark, narrow and on paper."""

from __future__ import annotations

# Colours after Okabe and Ito, told apart by people who see few; lighter ones on a dark page.
STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --weak: #59636e; --rule: #d8dee4;
  --good: #116329; --bad: #a40e26; --s0: #0072b2; --s1: #d55e00; --s2: #00825f; --s3: #b0508a;
  --s4: #8a6d00; --s5: #3d3d9e; --s6: #6b4a2b; --s7: #59636e; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --text: #e6e9ed; --weak: #a0a9b3;
  --rule: #353c45; --good: #5fd07a; --bad: #ff8a8a; --s0: #56b4e9; --s1: #f5914a; --s2: #2fc79b;
  --s3: #e39ac6; --s4: #e6c229; --s5: #a8a8ff; --s6: #c9a07a; --s7: #a0a9b3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem; max-width: 72rem; background: var(--back);
  color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--rule); }
h1, h2, th, td, li, figcaption, text { unicode-bidi: isolate; }
p { margin: .35rem 0; max-width: 60rem; }
.weak, figcaption, caption { color: var(--weak); }
.verdict { font-size: 1.15rem; font-weight: 600; margin: .75rem 0; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.box { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--rule); text-align: right;
  vertical-align: top; font-weight: 400; }
thead th { color: var(--weak); white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; }
td { white-space: nowrap; }
.words { text-align: left; } td.words { white-space: normal; min-width: 12rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr));
  gap: 1.25rem 1.75rem; margin: 1rem 0; }
figure { margin: 0; min-width: 0; max-width: 40rem; }
figcaption { font-weight: 600; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .15rem 0;
  padding: 0; font-size: .85rem; }
.sample { width: 28px; height: 10px; margin-right: .35rem; }
svg { width: 100%; height: auto; display: block; }
.legend svg { display: inline-block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--weak); }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--rule); stroke-width: .7; } .axis { stroke: var(--weak); stroke-width: 1; }
polyline { fill: none; stroke-width: 1.7; stroke-linejoin: round; }
.sample line { stroke-width: 2; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
.s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
.s6 { stroke: var(--s6); } .s7 { stroke: var(--s7); }
circle { fill: currentColor; }
@media (max-width: 34rem) { svg text { font-size: 14px; } }
@media print { :root { color-scheme: light; --back: #fff; --text: #000; --weak: #444; --rule: #bbb;
  --good: #116329; --bad: #a40e26; --s0: #0072b2; --s1: #d55e00; --s2: #00825f; --s3: #b0508a;
  --s4: #8a6d00; --s5: #3d3d9e; --s6: #6b4a2b; --s7: #59636e; }
  body { padding: 0; max-width: none; font-size: 10pt; } .box { overflow: visible; }
  .charts { grid-template-columns: 1fr 1fr; } figure, tr { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  thead th { white-space: normal; }
  th, td { padding: .15rem .35rem; } }
"""
