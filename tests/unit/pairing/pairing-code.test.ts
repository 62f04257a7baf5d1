import { describe, expect, it } from 'vitest';
import { formatPairingCode, renderPairingCode } from '../../../src/pairing/pairing-code.ts';

describe('formatPairingCode', () => {
  it.each([
    ['ABCDEFGH', 'ABCD-EFGH'],
    ['abcd-1234', 'ABCD-1234'],
    ['ABC', 'ABC'],
    ['AB\u001b[2JCD', 'AB2JCD'],
  ])('%j is shown as %s', (code, shown) => {
    expect(formatPairingCode(code)).toBe(shown);
  });
});

describe('renderPairingCode', () => {
  it('the block of a pairing code has a heading, the code alone on a line, and the steps on the phone', () => {
    const lines = renderPairingCode('ABCDEFGH').split('\n');
    expect(lines[0]).toBe('=== ENTER THIS CODE IN WHATSAPP ===');
    expect(lines.filter((line) => line.trim() === 'ABCD-EFGH')).toHaveLength(1);
    expect(lines.join(' ')).toMatch(/Linked devices.*Link with phone number instead/);
  });
});
