export const PASSKEY_HINT =
  'WhatsApp asks for a passkey to link this account, which only the phone and a browser have. Scan the QR code instead of entering a code (leave PAIRING_NUMBER out), or see docs/operating.md, "The phone asks for a passkey".';

export const CODES_HINT =
  'Three pairing codes did not lead to a link. Check that PAIRING_NUMBER is the number as WhatsApp shows it in the profile of the account: numbers of Brazil, Argentina and Mexico have two forms. Or scan the QR code instead (leave PAIRING_NUMBER out). If the phone asks for a passkey, see docs/operating.md, "The phone asks for a passkey".';

/** What a person is told when WhatsApp gave no pairing code. */
export function refusalSentence(status: number | undefined, waitMs: number): string {
  const minutes = Math.max(1, Math.round(waitMs / 60_000));
  const next = `Scan the QR code instead, or wait: the next try is in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`;
  if (status === undefined) return `WhatsApp did not answer the request for a pairing code. ${next}`;
  const why = status === 429 ? ': too many codes were asked for' : '';
  const isAboutNumber = status < 500 && status !== 429;
  const number = isAboutNumber
    ? ' Check that PAIRING_NUMBER is the number as WhatsApp shows it in the profile of the account.'
    : '';
  return `WhatsApp refused the request for a pairing code (${status}${why}).${number} ${next}`;
}

/** Why a pairing code ended without a link. */
export type CodeEnd = keyof typeof CODE_ENDS;

const CODE_ENDS = {
  expired: 'its time is up',
  refused: 'WhatsApp refused the link',
  incomplete: 'the answer of the phone lacks',
  replaced: 'WhatsApp asks for another one',
  passkey: 'WhatsApp asks for a passkey',
  unfinished: 'the phone did not finish the link',
} as const;

/** `missing` is what the answer of the phone lacks, if it is incomplete. */
export function codeEndSentence(reason: CodeEnd, missing: string | undefined): string {
  const why = missing === undefined ? CODE_ENDS[reason] : `${CODE_ENDS[reason]} ${missing}`;
  return `The pairing code has ended: ${why}. A new one follows.`;
}
