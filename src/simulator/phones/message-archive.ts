import { proto } from '@whiskeysockets/baileys';

const { Type } = proto.Message.ProtocolMessage;
const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType;

const MOST_MESSAGES = 1_000;

/** What people sent to the account, as its phone has it, for companions that ask. */
export class Archive {
  readonly #messages = new Map<string, proto.IWebMessageInfo>();

  add(message: proto.IWebMessageInfo): void {
    this.#messages.set(nameOf(message.key), message);
    for (const oldest of this.#messages.keys()) {
      if (this.#messages.size <= MOST_MESSAGES) break;
      this.#messages.delete(oldest);
    }
  }

  /** The message with this key. */
  find(key: proto.IMessageKey): proto.IWebMessageInfo | undefined {
    return this.#messages.get(nameOf(key));
  }

  /** The newest message with this id, whoever sent it. */
  findById(id: string): proto.IWebMessageInfo | undefined {
    return [...this.#messages.values()].findLast(({ key }) => key?.id === id);
  }

  /** The answer to a companion that asks for messages; undefined if it asks for something else. */
  answerTo(request: proto.IMessage, stanzaId: string): proto.Message.IProtocolMessage | undefined {
    const { peerDataOperationRequestType: type, placeholderMessageResendRequest: wanted } =
      request.protocolMessage?.peerDataOperationRequestMessage ?? {};
    if (type !== PLACEHOLDER_MESSAGE_RESEND) return undefined;
    return {
      type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType: type,
        stanzaId,
        peerDataOperationResult: wanted?.map(({ messageKey }) => this.#resultFor(messageKey)) ?? [],
      },
    };
  }

  /** What the phone does not have comes back empty. */
  #resultFor(key: Key): proto.Message.PeerDataOperationRequestResponseMessage.IPeerDataOperationResult {
    const info = this.#messages.get(nameOf(key));
    if (!info) return { placeholderMessageResendResponse: {} };
    const webMessageInfoBytes = proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(info)).finish();
    return { placeholderMessageResendResponse: { webMessageInfoBytes } };
  }
}

type Key = proto.IMessageKey | null | undefined;

/** Two people may choose the same id. */
const nameOf = (key: Key): string => [key?.remoteJid, key?.participant ?? '', key?.id].join('|');
