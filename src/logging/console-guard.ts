/** What libsignal is known to say. After each it puts an object, with private keys in most. */
const KNOWN_SENTENCES = [
  'Closing session:',
  'Opening session:',
  'Session already closed',
  'Session already open',
  'Removing old closed session:',
  'Closing open session in favor of incoming prekey bundle',
  'Failed to decrypt message with any known session...',
  'Session error:',
  'Decrypted message with closed session.',
  'Migrating session to:',
  'V1 session storage migration error:',
  'Unhandled bucket type (for naming):',
  'WARNING: Expected pubkey of length 33',
] as const;

const METHODS = [
  'log',
  'info',
  'warn',
  'error',
  'debug',
  'trace',
  'dir',
  'dirxml',
  'table',
  'group',
  'groupCollapsed',
  'assert',
  'count',
  'timeEnd',
  'timeLog',
] as const;

interface DebugLog {
  debug(facts: object, sentence: string): void;
}

/**
 * Takes the console away from the libraries: libsignal prints whole session records there, where no logger sees
 * them. From here on only a fixed sentence and the count of arguments appear, at `debug`, whatever was printed.
 * To be called before Baileys is loaded. Returns what gives the console back.
 */
export function guardConsole(log: DebugLog): () => void {
  const originals = METHODS.map((method) => [method, console[method]] as const);
  for (const method of METHODS) {
    console[method] = (...args: unknown[]): void => {
      // An assertion that holds prints nothing.
      if (method === 'assert' && args[0]) return;
      const [first] = args;
      const known =
        typeof first === 'string' ? KNOWN_SENTENCES.find((known) => first.startsWith(known)) : undefined;
      log.debug(
        { method, arguments: args.length },
        known === undefined ? 'a library wrote to the console' : `libsignal: ${known}`,
      );
    };
  }
  return () => {
    for (const [method, original] of originals) Object.assign(console, { [method]: original });
  };
}
