/**
 * One column and one color with a meaning; words always say the same. Contrast is at least 4.5 to 1 in both schemes.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  --ground: #f7f6f2; --card: #fffefb; --line: #e3e0d6; --ink: #1f2623; --soft: #5d665f;
  --good: #1d7a4c; --busy: #4a6078; --ask: #1f5fa8; --wait: #8a5a00; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131715; --card: #1a1f1c; --line: #2c332f; --ink: #e6eae6; --soft: #9aa59d;
    --good: #62c793; --busy: #9db4cc; --ask: #82b4f0; --wait: #e0b15a; --bad: #f28b82;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 44rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.signs { position: absolute; }
h1, h2, p, ol, ul, dl, dd { margin: 0; }
a { color: inherit; text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--ask); outline-offset: 3px; border-radius: 4px; }

.brand { display: flex; align-items: center; gap: .45rem; color: var(--soft); font-weight: 600; letter-spacing: .01em; }
.mark { width: 1.4rem; height: 1.4rem; fill: none; stroke: var(--good); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }

main { margin-top: 2.5rem; display: grid; gap: 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; }

#headline { --tone: var(--busy); display: flex; gap: 1.25rem; align-items: flex-start; padding-bottom: .75rem; }
#headline[data-tone=good] { --tone: var(--good); }
#headline[data-tone=ask] { --tone: var(--ask); }
#headline[data-tone=wait] { --tone: var(--wait); }
#headline[data-tone=bad] { --tone: var(--bad); }
.sign {
  flex: none; width: 3.5rem; height: 3.5rem; padding: .8rem; border-radius: 50%;
  color: var(--tone); background: color-mix(in srgb, var(--tone) 14%, var(--ground));
  fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round;
}
#title { font-size: clamp(1.9rem, 6vw, 2.5rem); line-height: 1.15; font-weight: 600; letter-spacing: -.02em; }
#sentence { margin-top: .35rem; font-size: 1.125rem; max-width: 34rem; overflow-wrap: anywhere; }
.aside { margin-top: .35rem; color: var(--soft); font-variant-numeric: tabular-nums; }
#next:not(:empty) { color: var(--ink); }
#since:not(:empty) + #next:not(:empty)::before { content: "· "; color: var(--soft); }

.note, #warnings li {
  padding: .8rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--wait); border-radius: 8px;
  background: var(--card); overflow-wrap: anywhere;
}
.note.bad { border-left-color: var(--bad); }
#warnings { list-style: none; padding: 0; display: grid; gap: .75rem; }
#warnings li::before { content: "Warning: "; font-weight: 650; }

#pairing, #facts section, #messages { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.25rem 1.4rem; }
#pairing { display: flex; flex-wrap: wrap; gap: 1.5rem 2rem; align-items: center; justify-content: space-between; }
#pairing > div:first-child { flex: 1 1 15rem; }
#pairing h2 { font-size: 1.125rem; }
#steps { margin: .6rem 0 .9rem; padding-left: 1.3rem; }
#steps li { padding-left: .25rem; margin: .3rem 0; }
.paper { flex: 0 1 18rem; margin: 0 auto; padding: 1.15rem; background: #fff; border-radius: 10px; }
#qr-code { display: block; width: 100%; height: auto; shape-rendering: crispEdges; }
#qr-code path { fill: #000; }
#command { margin-top: .6rem; }
#command code { display: inline-block; padding: .45rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); font: 1rem/1.4 var(--mono); overflow-wrap: anywhere; user-select: all; }
#code { margin: 0 auto; padding: 1rem 1.25rem; font: 650 clamp(1.7rem, 8vw, 2.4rem)/1 var(--mono); letter-spacing: .08em; }

#facts { display: grid; gap: 1.25rem; }
@media (min-width: 40rem) { #facts { grid-template-columns: 1fr 1fr; } #facts section:first-child { grid-column: 1 / -1; } }
#facts h2 { font-size: 1rem; font-weight: 650; color: var(--soft); }
#facts dl { margin-top: .55rem; }
#facts dl > div { display: flex; justify-content: space-between; gap: 1.25rem; padding: .38rem 0; }
#facts dl > div + div { border-top: 1px solid var(--line); }
dt { color: var(--soft); flex: none; }
dd { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dd time { color: var(--soft); }
dd span:not(:empty) + time { display: block; }
dd span:empty + time { color: inherit; }

#messages h2 { font-size: 1rem; font-weight: 650; color: var(--soft); }
#message-list { list-style: none; padding: 0; margin-top: .55rem; font-variant-numeric: tabular-nums; }
#message-list li { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; padding: .38rem 0; overflow-wrap: anywhere; }
#message-list li + li { border-top: 1px solid var(--line); }
#message-list time, #message-list span:nth-child(2) { color: var(--soft); }
#message-list span:last-child { margin-left: auto; text-align: right; }

footer { margin-top: 2rem; color: var(--soft); font-size: .9375rem; }
nav { display: flex; gap: 1.25rem; }
nav a { padding: .4rem 0; }

form { display: grid; gap: .75rem; max-width: 24rem; }
input, button { font: inherit; padding: .7rem .9rem; border-radius: 8px; border: 1px solid var(--soft); background: var(--card); color: var(--ink); }
button { background: var(--ink); color: var(--ground); border-color: var(--ink); font-weight: 600; cursor: pointer; }
@media (prefers-reduced-motion: no-preference) { .sign, #headline { transition: color .4s, background-color .4s; } }
@media (forced-colors: active) { .sign { border: 2px solid; } .paper { forced-color-adjust: none; } }
`;
