const CODE_HEADING = '=== ENTER THIS CODE IN WHATSAPP ===';

/** `ABCDEFGH` as the phone shows it: `ABCD-EFGH`. */
export function formatPairingCode(code: string): string {
  const plain = code.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
  return plain.length === 8 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
}

/**
 * The block to print for a pairing code, with the steps on the phone. `validity` says how long the code is valid; it
 * becomes the last line. Ends with a line feed.
 */
export function renderPairingCode(code: string, validity?: string): string {
  const lines = [
    'On the phone: WhatsApp → Settings → Linked devices → Link a device',
    '→ Link with phone number instead, and type the code.',
  ];
  if (validity !== undefined) lines.push(validity);
  return `${CODE_HEADING}\n\n    ${formatPairingCode(code)}\n\n${lines.join('\n')}\n`;
}
