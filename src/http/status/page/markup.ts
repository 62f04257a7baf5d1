/** One sign for each tone. The shapes differ, because color alone must not carry a meaning. */
const SIGNS = `
<svg width="0" height="0" aria-hidden="true" focusable="false" class="signs">
  <symbol id="sign-good" viewBox="0 0 24 24"><path d="M5 12.5l4.5 4.5L19 7.5"/></symbol>
  <symbol id="sign-busy" viewBox="0 0 24 24"><path d="M6 12h.01M12 12h.01M18 12h.01"/></symbol>
  <symbol id="sign-ask" viewBox="0 0 24 24"><path d="M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14.5 14.5h.01M19 14.5h.01M14.5 19h.01M19 19h.01"/></symbol>
  <symbol id="sign-wait" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.5"/><path d="M12 7.500V12l3 2"/></symbol>
  <symbol id="sign-bad" viewBox="0 0 24 24"><path d="M7 7l10 10M17 7L7 17"/></symbol>
</svg>`;

const MARK = `<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M12 21v-9M12 14c0-4-2.8-6.500-7.500-6.500 0 4.300 2.800 6.500 7.500 6.500zM12 12c0-4.600 2.800-7.500 7.500-8-.2 5-2.900 8-7.500 8z"/></svg>`;

const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f8f5b" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="M12 21v-9M12 14c0-4-2.8-6.500-7.500-6.500 0 4.300 2.800 6.500 7.500 6.500zM12 12c0-4.600 2.800-7.500 7.500-8-.2 5-2.900 8-7.500 8z"/></svg>`,
  );

function frame(title: string, style: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const header = `<header><p class="brand">${MARK}<span>perennial</span></p></header>`;

/** The page without any state. The state comes over `/events`. */
export function statusPage(style: string, script: string): string {
  const body = `${SIGNS}
${header}
<main>
  <h1 class="hidden">Status of the bot</h1>
  <section id="headline" data-tone="busy" aria-labelledby="title">
    <svg class="sign" aria-hidden="true" focusable="false"><use id="sign" href="#sign-busy"/></svg>
    <div>
      <div aria-live="polite" aria-atomic="true">
        <h2 id="title">Looking</h2>
        <p id="sentence">Asking the bot how it is.</p>
        <p id="command" hidden><code></code></p>
      </div>
      <p class="aside"><time id="since"></time><span id="next" role="timer" aria-live="off"></span></p>
    </div>
  </section>
  <p id="over" class="note" role="status" hidden>This page updates itself when the bot is started again.</p>
  <noscript><p class="note">This page needs JavaScript. <a href="/readyz">/readyz</a> says in plain text whether the bot is connected.</p></noscript>
  <ul id="warnings" role="list" aria-label="Warnings" aria-live="polite" hidden></ul>
  <p id="hint" class="note" role="status" hidden></p>
  <section id="pairing" aria-labelledby="pairing-title" hidden>
    <div>
      <h2 id="pairing-title">On your phone</h2>
      <ol id="steps"></ol>
      <p class="aside" id="countdown" role="timer" aria-live="off"></p>
    </div>
    <div id="qr" class="paper" hidden><svg id="qr-code" role="img" aria-label="QR code that links this bot, to be scanned with WhatsApp"><path/></svg></div>
    <p id="code" hidden></p>
  </section>
  <div id="facts"></div>
  <section id="messages" aria-labelledby="messages-title" hidden>
    <h2 id="messages-title">Last messages</h2>
    <ol id="message-list" role="list"></ol>
  </section>
</main>
<footer><nav aria-label="For machines"><a href="/metrics">Metrics</a><a href="/readyz">Readiness</a><a href="/healthz">Health</a></nav></footer>
<script>${script}</script>`;
  return frame('perennial', style, body);
}

/** Asks for the token. Works without a script. */
export function loginPage(style: string, hasFailed: boolean): string {
  const problem = hasFailed
    ? '<p id="problem" class="note bad" role="alert">That is not the token. It is the value of HTTP_TOKEN.</p>'
    : '';
  const described = hasFailed ? ' aria-invalid="true" aria-describedby="problem"' : '';
  const body = `${header}
<main>
  <h1>Sign in</h1>
  ${problem}
  <form method="post" action="/login">
    <label for="token">Token of this bot (HTTP_TOKEN)</label>
    <input id="token" name="token" type="password" autocomplete="current-password" required autofocus${described}>
    <button>Open the page</button>
  </form>
</main>`;
  return frame('Sign in · perennial', style, body);
}
