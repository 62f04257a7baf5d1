import { Curve, hmacSign, proto } from '@whiskeysockets/baileys';
import { isSignatureValid, type SignalKeyPair, withoutKeyType } from '../crypto/phone-libsignal.ts';

/** The prefixes of the signed bytes. They differ so that one signature cannot replace the other. */
const ACCOUNT_PREFIX = Buffer.from([6, 0]);
const DEVICE_PREFIX = Buffer.from([6, 1]);

export interface DeviceIdentity {
  readonly details: Buffer;
  readonly accountSignature: Buffer;
  readonly accountKey: Buffer;
}

/** The owner's phone signs a companion's identity key. */
export function signDeviceIdentity(
  account: SignalKeyPair,
  companionIdentity: Buffer,
  keyIndex: number,
  timestamp: number,
): DeviceIdentity {
  const identity = { rawId: 1, timestamp, keyIndex, accountType: 0, deviceType: 0 };
  const details = Buffer.from(proto.ADVDeviceIdentity.encode(identity).finish());
  const signed = Buffer.concat([ACCOUNT_PREFIX, details, companionIdentity]);
  const accountSignature = Buffer.from(Curve.sign(account.privKey, signed));
  return { details, accountSignature, accountKey: withoutKeyType(account.pubKey) };
}

/** The identity as the companion gets it, with an HMAC by the ADV secret of the QR code. */
export function sealDeviceIdentity(identity: DeviceIdentity, advSecret: Buffer): Uint8Array {
  const { details, accountSignature, accountKey } = identity;
  const signed = { details, accountSignature, accountSignatureKey: accountKey };
  const bytes = Buffer.from(proto.ADVSignedDeviceIdentity.encode(signed).finish());
  const hmac = hmacSign(bytes, advSecret);
  return proto.ADVSignedDeviceIdentityHMAC.encode({ details: bytes, hmac, accountType: 0 }).finish();
}

/** True if the companion has signed exactly this identity. */
export function isCountersigned(
  reply: Uint8Array,
  identity: DeviceIdentity,
  companionIdentity: Buffer,
): boolean {
  const { details, deviceSignature } = proto.ADVSignedDeviceIdentity.decode(reply);
  if (!details || !deviceSignature || !identity.details.equals(Buffer.from(details))) return false;
  const signed = Buffer.concat([DEVICE_PREFIX, identity.details, companionIdentity, identity.accountKey]);
  return isSignatureValid(companionIdentity, signed, Buffer.from(deviceSignature));
}
