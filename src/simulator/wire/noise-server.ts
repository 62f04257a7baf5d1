import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  type KeyPair,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from '@whiskeysockets/baileys';

const EMPTY = Buffer.alloc(0);

/** The contents of the client's last handshake message. */
export interface ClientFinish {
  /** The client's static Noise key. WhatsApp identifies a linked device by it. */
  readonly noiseKey: Buffer;
  readonly payload: proto.ClientPayload;
}

/** The server's end of `Noise_XX_25519_AESGCM_SHA256` with WhatsApp's prologue, and the transport after it. */
export class NoiseServer {
  readonly #static: KeyPair;
  readonly #certificate: Uint8Array;
  readonly #ephemeral = Curve.generateKeyPair();
  #hash = Buffer.from(NOISE_MODE);
  #salt = this.#hash;
  #key = this.#hash;
  #counter = 0;
  #sendKey = EMPTY;
  #receiveKey = EMPTY;
  #sent = 0;
  #received = 0;

  constructor(staticKey: KeyPair, certificate: Uint8Array) {
    this.#static = staticKey;
    this.#certificate = certificate;
    this.#mixHash(NOISE_WA_HEADER);
  }

  /** Reads the client hello and returns the server hello. Throws on anything else. */
  answerHello(message: Uint8Array): Uint8Array {
    const theirs = proto.HandshakeMessage.decode(message).clientHello?.ephemeral;
    if (theirs?.length !== 32) throw new Error('not a client hello');
    this.#mixHash(theirs);
    this.#mixHash(this.#ephemeral.public);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, theirs));
    const encryptedStatic = this.#seal(this.#static.public);
    this.#mixKey(Curve.sharedKey(this.#static.private, theirs));
    const payload = this.#seal(this.#certificate);
    const serverHello = { ephemeral: this.#ephemeral.public, static: encryptedStatic, payload };
    return proto.HandshakeMessage.encode({ serverHello }).finish();
  }

  /** Reads the client's last handshake message and derives the transport keys. Throws if it is forged. */
  readFinish(message: Uint8Array): ClientFinish {
    const finish = proto.HandshakeMessage.decode(message).clientFinish;
    if (!finish?.static || !finish.payload) throw new Error('not a client finish');
    const noiseKey = this.#open(finish.static);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, noiseKey));
    const payload = proto.ClientPayload.decode(this.#open(finish.payload));
    [this.#receiveKey, this.#sendKey] = this.#derive(EMPTY);
    return { noiseKey, payload };
  }

  encrypt(plaintext: Uint8Array): Buffer {
    return aesEncryptGCM(plaintext, this.#sendKey, nonce(this.#sent++), EMPTY);
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    return aesDecryptGCM(ciphertext, this.#receiveKey, nonce(this.#received++), EMPTY);
  }

  #seal(plaintext: Uint8Array): Buffer {
    const ciphertext = aesEncryptGCM(plaintext, this.#key, nonce(this.#counter++), this.#hash);
    this.#mixHash(ciphertext);
    return ciphertext;
  }

  #open(ciphertext: Uint8Array): Buffer {
    const plaintext = aesDecryptGCM(ciphertext, this.#key, nonce(this.#counter++), this.#hash);
    this.#mixHash(ciphertext);
    return plaintext;
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = Buffer.from(sha256(Buffer.concat([this.#hash, data])));
  }

  #mixKey(secret: Uint8Array): void {
    [this.#salt, this.#key] = this.#derive(secret);
    this.#counter = 0;
  }

  #derive(secret: Uint8Array): [Buffer<ArrayBuffer>, Buffer<ArrayBuffer>] {
    const bytes = Buffer.from(hkdf(Buffer.from(secret), 64, { salt: this.#salt, info: '' }));
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  }
}

function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(counter, 8);
  return iv;
}
