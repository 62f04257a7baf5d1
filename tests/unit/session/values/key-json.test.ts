import { BufferJSON, Curve } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { keyFromJson, keyToJson } from '../../../../src/session/values/key-json.ts';

const pair = Curve.generateKeyPair();
const view = new Uint8Array(Buffer.from([...pair.public, ...pair.private]).buffer.slice(0), 3, 32);

test.each([
  ['pre-key', pair],
  ['pre-key', { private: view, public: view }],
  ['pre-key', { private: pair.private, public: pair.public, isUploaded: true }],
  ['sender-key', Buffer.from('record')],
  ['device-list', ['0', '12']],
  ['lid-mapping', '1234'],
])('a %s has the text that the library gives it, and comes back the same', (type, value) => {
  const json = keyToJson(type, value);
  expect(json).toBe(JSON.stringify(value, BufferJSON.replacer));
  expect(JSON.stringify(keyFromJson(type, json), BufferJSON.replacer)).toBe(json);
});
