/**
 * Runs in the browser: places what `/events` says, and counts the time. No markup is made of texts. A live region
 * is touched only if its words change, so that a screen reader says each change once.
 */
export const SCRIPT = String.raw`
'use strict';
(() => {
  const SILENT_AFTER_MS = 25000;
  const STEPS = {
    qr: ['Open WhatsApp', 'Settings, then Linked devices', 'Link a device, and point the camera here'],
    code: ['Open WhatsApp', 'Settings, then Linked devices', 'Link a device, then Link with phone number instead', 'Enter this code'],
  };
  const LOST = {
    tone: 'wait',
    title: 'Out of touch',
    sentence: 'The bot does not answer this page. What it said last is below; the page updates itself when the bot is back.',
  };
  const UNITS = [['day', 86400000], ['hour', 3600000], ['minute', 60000]];
  const $ = (id) => document.getElementById(id);
  let view;
  let ahead = 0;
  let heardAt = Date.now();
  let source;
  let retry;
  let isLost = false;
  let waitedSince = Date.now();

  const now = () => Date.now() + ahead;
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const show = (node, isShown) => { if (node.hidden === isShown) node.hidden = !isShown; };
  const make = (tag, parent, text) => {
    const node = parent.appendChild(document.createElement(tag));
    if (text !== undefined) node.textContent = text;
    return node;
  };

  function span(ms) {
    for (const [unit, length] of UNITS) {
      const count = Math.floor(ms / length);
      if (count > 0) return count + '\u00a0' + unit + (count === 1 ? '' : 's');
    }
    return undefined;
  }
  const ago = (atMs) => {
    const ms = now() - atMs;
    return ms < 10000 ? 'just now' : ms < 60000 ? 'a moment ago' : span(ms) + ' ago';
  };
  const left = (atMs) => {
    const seconds = Math.max(0, Math.ceil((atMs - now()) / 1000));
    return seconds < 120 ? seconds + '\u00a0s' : span(seconds * 1000);
  };

  const clock = (atMs) => {
    const at = new Date(atMs);
    const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    const isToday = at.toDateString() === new Date(now()).toDateString();
    return isToday ? time : at.toLocaleDateString([], { day: 'numeric', month: 'long' }) + ', ' + time;
  };

  function list(node, texts) {
    if (node.dataset.texts === JSON.stringify(texts)) return;
    node.dataset.texts = JSON.stringify(texts);
    node.replaceChildren();
    for (const text of texts) make('li', node, text);
  }

  /** Shows the bot's state, or that the bot does not answer. If the last state was a stop, that one stays. */
  function drawHeadline() {
    const isOver = view !== undefined && view.isOver;
    const headline = isLost && !isOver ? LOST : view.headline;
    show($('over'), isLost && isOver);
    $('headline').dataset.tone = headline.tone;
    $('sign').setAttribute('href', '#sign-' + headline.tone);
    put($('title'), headline.title);
    put($('sentence'), headline.sentence);
    show($('command'), headline.command !== undefined);
    put($('command').firstElementChild, headline.command || '');
    document.title = headline.title + ' · perennial';
  }

  function drawPairing(pairing) {
    show($('pairing'), pairing !== undefined);
    show($('qr'), pairing !== undefined && pairing.kind === 'qr');
    show($('code'), pairing !== undefined && pairing.kind === 'code');
    // An old code must not stay in the page, not even hidden.
    const qr = pairing && pairing.qr;
    const path = $('qr-code').firstElementChild;
    if (qr) $('qr-code').setAttribute('viewBox', '0 0 ' + qr.size + ' ' + qr.size);
    if ((path.getAttribute('d') || '') !== (qr ? qr.path : '')) path.setAttribute('d', qr ? qr.path : '');
    put($('code'), (pairing && pairing.code) || '');
    list($('steps'), pairing ? STEPS[pairing.kind] : []);
    const hint = pairing && pairing.hint;
    show($('hint'), Boolean(hint));
    put($('hint'), hint || '');
  }

  const rows = new Map();
  function row(title, label) {
    const key = title + '\n' + label;
    if (rows.has(key)) return rows.get(key);
    let dl = rows.get(title);
    if (!dl) {
      const section = make('section', $('facts'));
      const heading = make('h2', section, title);
      heading.id = 'facts-' + rows.size;
      section.setAttribute('aria-labelledby', heading.id);
      dl = make('dl', section);
      rows.set(title, dl);
    }
    const div = make('div', dl);
    make('dt', div, label);
    const dd = make('dd', div);
    const made = { div, text: make('span', dd), time: make('time', dd), atMs: undefined };
    rows.set(key, made);
    return made;
  }

  function drawFacts(sections) {
    const shown = new Set();
    for (const { title, facts } of sections) {
      for (const { label, text, atMs } of facts) {
        const one = row(title, label);
        shown.add(one);
        put(one.text, text);
        one.atMs = atMs;
        if (atMs === undefined) { put(one.time, ''); one.time.removeAttribute('datetime'); one.time.removeAttribute('title'); continue; }
        one.time.dateTime = new Date(atMs).toISOString();
        one.time.title = new Date(atMs).toLocaleString();
      }
    }
    for (const one of rows.values()) if (one.div) show(one.div, shown.has(one));
  }

  /** The rows stay the same nodes as long as their text is the same. */
  function drawMessages(messages) {
    show($('messages'), messages.length > 0);
    const node = $('message-list');
    const key = JSON.stringify(messages);
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.replaceChildren();
    for (const { atMs, from, outcome } of messages) {
      const item = make('li', node);
      const time = make('time', item, new Date(atMs).toLocaleTimeString());
      time.dateTime = new Date(atMs).toISOString();
      make('span', item, from);
      make('span', item, outcome);
    }
  }

  function tick() {
    // The connection may be dead without an error, for example after the computer slept.
    if (Date.now() - Math.max(heardAt, waitedSince) > SILENT_AFTER_MS) {
      lost();
      connect();
    }
    if (!view) return;
    const { pairing } = view;
    const { sinceMs, next } = isLost && !view.isOver ? { sinceMs: heardAt + ahead } : view.headline;
    put($('since'), 'Since ' + clock(sinceMs) + ' ');
    $('since').dateTime = new Date(sinceMs).toISOString();
    put($('next'), next ? next.what + (next.atMs > now() ? ' in ' + left(next.atMs) : ' now') : '');
    const endsAt = pairing && pairing.expiresAtMs;
    put($('countdown'), !endsAt || isLost ? '' : endsAt > now() ? 'A new code comes in ' + left(endsAt) : 'A new code is on its way');
    for (const one of rows.values()) if (one.atMs !== undefined) put(one.time, ago(one.atMs));
  }

  function heard() {
    heardAt = Date.now();
    if (!isLost) return;
    isLost = false;
    if (view) drawHeadline();
  }

  function lost() {
    if (isLost) return;
    isLost = true;
    drawHeadline();
    drawPairing(undefined);
    tick();
  }

  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    waitedSince = Date.now();
    source = new EventSource('/events');
    source.addEventListener('status', (event) => {
      const said = JSON.parse(event.data);
      ahead = said.nowMs - Date.now();
      view = said.view;
      heard();
      drawHeadline();
      drawPairing(view.pairing);
      list($('warnings'), view.warnings);
      show($('warnings'), view.warnings.length > 0);
      drawFacts(view.sections);
      drawMessages(view.messages);
      tick();
    });
    source.addEventListener('beat', heard);
    source.onerror = async () => {
      lost();
      if (source.readyState !== EventSource.CLOSED) return;
      // The browser does not try again after a refusal, so this page does.
      const status = await fetch('/readyz').then((response) => response.status, () => 0);
      if (status === 401) return location.reload();
      clearTimeout(retry);
      retry = setTimeout(connect, 3000);
    };
  }

  connect();
  setInterval(tick, 1000);
})();
`;
