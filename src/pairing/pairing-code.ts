export const CODE_HEADING = '=== ENTER THIS CODE IN WHATSAPP ===';

/** `ABCDEFGH` as the phone shows it: `ABCD-EFGH`. */
export function formatPairingCode(code: string): string {
  const plain = code.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
  return plain.length === 8 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
}

/** The block to print for a pairing code, with the steps on the phone. Ends with a line feed. */
export function renderPairingCode(code: string): string {
  const steps = [
    'On the phone: WhatsApp → Settings → Linked devices → Link a device',
    '→ Link with phone number instead, and type the code.',
  ];
  return `${CODE_HEADING}\n\n    ${formatPairingCode(code)}\n\n${steps.join('\n')}\n`;
}
