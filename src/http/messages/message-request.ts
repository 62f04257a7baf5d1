import { readPhoneNumber } from '../../config/setting-kinds.ts';
import { Problem } from '../problem.ts';

/** A checked request to send a text. */
export interface MessageRequest {
  readonly key: string;
  /** Digits only. */
  readonly number: string;
  readonly text: string;
}

const NUMBER_HELP = 'a phone number with its country code, such as "+1 (555) 123-4567"';
const KEY_HELP =
  'Set the header Idempotency-Key (or "key" in the body) to 1 to 200 characters that name this message: ' +
  'sent again with the same key, it is the same message.';

/** Reads the body of `POST /messages`. Throws a `Problem` that says what to write instead. */
export function readMessageRequest(body: string, keyHeader: string | undefined): MessageRequest {
  const fields = parseJson(body);
  if (!isRequest(fields)) {
    throw new Problem(
      400,
      `The body must be JSON such as {"to": "+1 555 123 4567", "text": "Hello"}. "to" is ${NUMBER_HELP}.`,
    );
  }
  const { to, text, key } = fields;
  const number = readPhoneNumber(String(to));
  if (number === undefined) throw new Problem(400, `"to" must be ${NUMBER_HELP}.`);
  if (text.trim() === '') throw new Problem(400, '"text" is empty.');
  return { key: readKey(keyHeader, key), number, text };
}

interface RequestFields {
  readonly to: string | number;
  readonly text: string;
  readonly key?: string;
}

const FIELD_NAMES: readonly string[] = ['to', 'text', 'key'];
const LONGEST_NUMBER = 100;

/** A field with another name is likely a typing error, so it is refused. */
function isRequest(value: unknown): value is RequestFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { to, text, key } = value as Record<string, unknown>;
  return (
    Object.keys(value).every((name) => FIELD_NAMES.includes(name)) &&
    (Number.isSafeInteger(to) || (typeof to === 'string' && to.length <= LONGEST_NUMBER)) &&
    typeof text === 'string' &&
    (key === undefined || typeof key === 'string')
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Problem(400, 'The body is not valid JSON.');
  }
}

function readKey(header: string | undefined, field: string | undefined): string {
  if (header !== undefined && field !== undefined && header !== field) {
    throw new Problem(400, 'The header Idempotency-Key and "key" in the body differ. Leave one out.');
  }
  const key = header ?? field;
  if (key === undefined || !/^[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?$/.test(key))
    throw new Problem(400, KEY_HELP);
  return key;
}
