// For a test: says at the end of the process whether the libsignal that Node.js has loaded is the repaired one, and
// whether the library's WebAssembly was compiled. Other packages have some of a few hundred bytes.
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/package.json`);
const { SessionCipher } = require('libsignal');
const curve = require('libsignal/src/curve.js');
const { doDecryptWhisperMessage, storeRecord } = SessionCipher.prototype;
const { calculateAgreement, verifySignature } = curve;
let slowVerifications = 0;
curve.verifySignature = (...args) => {
  slowVerifications += 1;
  return verifySignature(...args);
};
const { decryptPreKeyWhisperMessage } = SessionCipher.prototype;
let hasDecrypted = false;
SessionCipher.prototype.decryptPreKeyWhisperMessage = function (...args) {
  hasDecrypted = true;
  return decryptPreKeyWhisperMessage.apply(this, args);
};

let hasLargeWasm = false;
WebAssembly.Module = new Proxy(WebAssembly.Module, {
  construct(target, [bytes]) {
    hasLargeWasm ||= bytes.byteLength > 10_000;
    return new target(bytes);
  },
});

process.on('exit', () => {
  const report = {
    isDecryptRepaired: SessionCipher.prototype.doDecryptWhisperMessage !== doDecryptWhisperMessage,
    isStoreRepaired: SessionCipher.prototype.storeRecord !== storeRecord,
    isAgreementFast: curve.calculateAgreement !== calculateAgreement,
    slowVerifications,
    hasDecrypted,
    hasLargeWasm,
  };
  process.stdout.write(`libsignal: ${JSON.stringify(report)}\n`);
});
