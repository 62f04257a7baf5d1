import { expect, test } from 'vitest';
import { type Say, toContent } from '../../../../src/bot/send/say.ts';
import { isAppError } from '../../../../src/core/errors.ts';

const bytes = new Uint8Array(3);

/** `tsc` fails on a line here whose type error is gone. */
const MIXED: readonly Say[] = [
  // @ts-expect-error
  { text: 'x', gif: true },
  // @ts-expect-error
  { text: 'x', caption: 'y' },
  // @ts-expect-error
  { image: bytes, fileName: 'y' },
  // @ts-expect-error
  { image: bytes, video: bytes },
  // @ts-expect-error
  { audio: bytes, caption: 'y' },
  // @ts-expect-error
  { sticker: bytes, mimetype: 'image/webp' },
  // @ts-expect-error
  { poll: 'x', options: ['a', 'b'], mentions: [] },
  // @ts-expect-error
  { contacts: [], text: 'x' },
  // @ts-expect-error
  { location: { latitude: 1, longitude: 1 }, viewOnce: true },
  // @ts-expect-error
  { album: [{ image: bytes }, { image: bytes }], caption: 'x' },
  // @ts-expect-error
  { jump: true },
  // @ts-expect-error
  { document: bytes },
];

test.each(MIXED)(
  'what mixes the fields of two shapes is refused by the compiler and when it is sent: %j',
  (say) => {
    let thrown: unknown;
    try {
      toContent(say, () => []);
    } catch (error) {
      thrown = error;
    }
    expect(isAppError(thrown, 'SEND_REFUSED')).toBe(true);
  },
);

/** What authors write often must compile. */
const flag = bytes.length > 2;
const FINE: readonly Say[] = [
  flag ? 'a text' : { image: bytes, caption: 'a caption' },
  { text: 'all', ...(flag && { mentionAll: true }) },
  { image: Buffer.from('x'), mimetype: 'image/png', mentions: [{ jid: '15551230001@s.whatsapp.net' }] },
];

test.each(FINE)('shapes that depend on a condition compile and can be sent', (say) => {
  expect(() => toContent(say, () => [])).not.toThrow();
});
