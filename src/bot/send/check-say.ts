import { AppError } from '../../core/errors.ts';

/** What a field must be, in words that end "… must be". */
type Check = readonly [mustBe: string, fits: (value: unknown) => boolean];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TEXT: Check = ['a text', (value) => typeof value === 'string'];
const TRUE_OR_FALSE: Check = ['true or false', (value) => typeof value === 'boolean'];
const BYTES: Check = ['bytes: a Buffer or a Uint8Array', (value) => value instanceof Uint8Array];
const TEXTS: Check = [
  'a list of texts',
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
];
const PEOPLE: Check = [
  'a list of people, each with a jid',
  (value) => Array.isArray(value) && value.every((one) => isObject(one) && typeof one.jid === 'string'),
];
const NUMBER: Check = ['a number', (value) => typeof value === 'number' && Number.isFinite(value)];
const SECONDS: Check = ['seconds from 0 up', (value) => NUMBER[1](value) && Number(value) >= 0];
const WAVEFORM: Check = [
  '64 values from 0 to 100, as bytes',
  (value) => value instanceof Uint8Array && value.length === 64 && value.every((level) => level <= 100),
];
const OBJECT: Check = ['an object', isObject];
const OBJECTS: Check = ['a list of objects', (value) => Array.isArray(value) && value.every(isObject)];

interface Shape {
  /** Fields that must be there; the first one names the shape. */
  readonly required: Readonly<Record<string, Check>>;
  readonly optional: Readonly<Record<string, Check>>;
}

const PICTURE = { caption: TEXT, mimetype: TEXT, mentions: PEOPLE, viewOnce: TRUE_OR_FALSE };

const SHAPES: Readonly<Record<string, Shape>> = {
  text: { required: { text: TEXT }, optional: { mentions: PEOPLE, mentionAll: TRUE_OR_FALSE } },
  poll: { required: { poll: TEXT, options: TEXTS }, optional: { maxChoices: NUMBER } },
  image: { required: { image: BYTES }, optional: PICTURE },
  video: {
    required: { video: BYTES },
    optional: { ...PICTURE, gif: TRUE_OR_FALSE, videoNote: TRUE_OR_FALSE },
  },
  audio: {
    required: { audio: BYTES },
    optional: {
      mimetype: TEXT,
      voice: TRUE_OR_FALSE,
      seconds: SECONDS,
      waveform: WAVEFORM,
      viewOnce: TRUE_OR_FALSE,
    },
  },
  sticker: { required: { sticker: BYTES }, optional: { pack: TEXT, author: TEXT } },
  document: { required: { document: BYTES, fileName: TEXT }, optional: { mimetype: TEXT, caption: TEXT } },
  location: { required: { location: OBJECT }, optional: {} },
  contacts: { required: { contacts: OBJECTS }, optional: {} },
  album: { required: { album: OBJECTS }, optional: {} },
};

const PLACE: Shape = {
  required: { latitude: NUMBER, longitude: NUMBER },
  optional: { name: TEXT, address: TEXT },
};
const CONTACT: Shape = { required: { name: TEXT, numbers: TEXTS }, optional: {} };

/**
 * Throws `SEND_REFUSED` with the name of a field that is not known, that is missing, or that is something else than it
 * must be. The types refuse it too; JavaScript has none.
 */
export function checkShape(given: unknown): void {
  if (typeof given === 'string') return;
  if (!isObject(given)) refuse(`${nameOf(given)} cannot be sent. Send a text or an object.`);
  const shape = Object.keys(SHAPES).find((name) => name in given);
  const known = shape === undefined ? undefined : SHAPES[shape];
  if (shape === undefined || known === undefined)
    refuse(
      `A message with the fields "${Object.keys(given).join('", "')}" cannot be sent. Known are: ${Object.keys(SHAPES).join(', ')}.`,
    );
  checkFields(given, known, shape);
  if (isObject(given.location)) checkFields(given.location, PLACE, 'location');
  for (const card of listIn(given.contacts)) checkFields(card, CONTACT, 'contacts');
  if (given.gif === true && given.videoNote === true)
    refuse('A video is either a gif or a videoNote. Leave one of them out.');
}

function checkFields(given: Readonly<Record<string, unknown>>, shape: Shape, place: string): void {
  const checks = { ...shape.required, ...shape.optional };
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined)
      refuse(
        `"${name}" is not known beside "${place}". Known are: ${Object.keys(checks)
          .filter((one) => one !== place)
          .join(', ')}.`,
      );
    const isLeftOut = value === undefined && name in shape.optional;
    if (!isLeftOut && !check[1](value)) refuse(`"${name}" in "${place}" must be ${check[0]}.`);
  }
  const missing = Object.entries(shape.required).find(([name]) => !(name in given));
  if (missing !== undefined)
    refuse(`"${missing[0]}" is missing beside "${place}". It must be ${missing[1][0]}.`);
}

const listIn = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

const nameOf = (value: unknown): string =>
  value === null ? 'Nothing' : Array.isArray(value) ? 'A list' : `A value of the type ${typeof value}`;

function refuse(text: string): never {
  throw new AppError('SEND_REFUSED', text);
}
