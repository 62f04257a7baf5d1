import { expect, test } from 'vitest';
import { addressOf, isAllowedHost } from '../../../../src/whatsapp/receive/media-address.ts';

const WHATSAPP = 'wss://web.whatsapp.com/ws/chat';

test.each([
  ['https://mmg.whatsapp.net/v/t62/x', WHATSAPP, true, "WhatsApp's media host"],
  ['https://media-fra3-1.cdn.whatsapp.net/v/x', WHATSAPP, true, 'its content delivery network'],
  ['http://mmg.whatsapp.net/v/x', WHATSAPP, false, 'no TLS'],
  ['https://mmg-fna.whatsapp.net/v/x', WHATSAPP, true, 'another media host'],
  ['https://web.whatsapp.net/v/x', WHATSAPP, false, 'a host of pages, which stickers name'],
  ['https://mmg.whatsapp.net.evil.example/x', WHATSAPP, false, 'a name that begins alike'],
  ['https://evilwhatsapp.net/x', WHATSAPP, false, 'a name that ends alike'],
  ['https://mmg.whatsapp.net@10.0.0.1/x', WHATSAPP, false, 'a host behind a user name'],
  ['https://mmg.whatsapp.net:8443/x', WHATSAPP, false, 'another port of a media host'],
  ['https://user:pass@mmg.whatsapp.net/x', WHATSAPP, false, 'a media host with a user name'],
  ['https://169.254.169.254/latest/meta-data', WHATSAPP, false, 'an address inside the network'],
  ['nonsense', WHATSAPP, false, 'no address'],
  [
    'https://web.whatsapp.net/v/x',
    'ws://127.0.0.1:4000/ws/chat',
    false,
    'pages, for a client of the simulator',
  ],
  ['https://127.0.0.1:4433/mms/x', 'ws://127.0.0.1:4000/ws/chat', true, 'the simulator, for its own client'],
])('isAllowedHost says for %s and %s: %s, %s', (url, socketUrl, isAllowed) => {
  expect(isAllowedHost(url, socketUrl)).toBe(isAllowed);
});

test.each([
  [
    'the host of the URL',
    { directPath: '/v/a', url: 'https://mmg-fna.whatsapp.net/old' },
    'https://mmg-fna.whatsapp.net/v/a',
  ],
  [
    'a looked-up host if the URL is of a page',
    { directPath: '/v/a', url: 'https://web.whatsapp.net' },
    'https://mmg.whatsapp.net/v/a',
  ],
  ['a looked-up host if there is no URL', { directPath: '/v/a' }, 'https://mmg.whatsapp.net/v/a'],
  ['the URL if there is no path', { url: 'https://mmg.whatsapp.net/v/b' }, 'https://mmg.whatsapp.net/v/b'],
  ['nothing if the URL is of a stranger', { url: 'https://example.com/v/b' }, undefined],
  ['nothing if the path is none', { directPath: '@10.0.0.1/v/a' }, undefined],
  ['nothing if there is no address', {}, undefined],
])('addressOf takes %s', async (_, part, expected) => {
  expect(await addressOf(part, WHATSAPP, async () => 'mmg.whatsapp.net')).toBe(expected);
});
