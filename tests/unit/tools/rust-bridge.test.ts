import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as real from 'whatsapp-rust-bridge';
import * as bundled from '../../../tools/rust-bridge.ts';
import { anyText } from '../any-text.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

it('the HKDF of the bundle gives the bytes that the WebAssembly of the library gives', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.integer({ min: 1, max: 200 }),
      fc.option(bytes(40), { nil: undefined }),
      fc.option(anyText(), { nil: undefined }),
      (key, length, salt, info) => {
        const options = { ...(salt && { salt }), ...(info !== undefined && { info }) };
        expect(bundled.hkdf(key, length, options)).toEqual(real.hkdf(key, length, options));
      },
    ),
  );
});

it('the MD5 of the bundle gives the bytes that the WebAssembly of the library gives', () => {
  fc.assert(fc.property(bytes(200), (data) => void expect(bundled.md5(data)).toEqual(real.md5(data))));
});
