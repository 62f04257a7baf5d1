/** Why a phone did not link a client, in a word that a test can compare. */
export type LinkErrorCode =
  | 'qr-unknown'
  | 'qr-of-another-client'
  | 'secret-retired'
  | 'no-code-request'
  | 'code-expired'
  | 'code-entered-too-often'
  | 'answer-incomplete'
  | 'phone-stalls'
  | 'passkey-required'
  | 'client-gone'
  | 'client-refused'
  | 'finish-refused'
  | 'not-signed';

/** Rejects a scan, or a code that was entered, if the client is not linked. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
