import { expect, test } from 'vitest';
import { isAllowedHost } from '../../../../src/whatsapp/receive/download-media.ts';

const WHATSAPP = 'wss://web.whatsapp.com/ws/chat';

test.each([
  ['https://mmg.whatsapp.net/v/t62/x', WHATSAPP, true, "WhatsApp's media host"],
  ['https://media-fra3-1.cdn.whatsapp.net/v/x', WHATSAPP, true, 'its content delivery network'],
  ['http://mmg.whatsapp.net/v/x', WHATSAPP, false, 'no TLS'],
  ['https://evilwhatsapp.net/x', WHATSAPP, false, 'a name that ends alike'],
  ['https://mmg.whatsapp.net@10.0.0.1/x', WHATSAPP, false, 'a host behind a user name'],
  ['https://169.254.169.254/latest/meta-data', WHATSAPP, false, 'an address inside the network'],
  ['nonsense', WHATSAPP, false, 'no address'],
  ['https://127.0.0.1:4433/mms/x', 'ws://127.0.0.1:4000/ws/chat', true, 'the simulator, for its own client'],
])('%s for %s: %s (%s)', (url, socketUrl, isAllowed) => {
  expect(isAllowedHost(url, socketUrl)).toBe(isAllowed);
});
