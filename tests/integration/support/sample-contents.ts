import type { proto } from '@whiskeysockets/baileys';

/** A message of each kind with text, beside plain text. People read `text` in every one of them. */
export function sampleContents(text: string): Readonly<Record<string, proto.IMessage>> {
  const location = { degreesLatitude: 52.5, degreesLongitude: 13.4, name: text };
  const button = { buttonId: 'yes', buttonText: { displayText: 'Yes' }, type: 1 };
  const row = { title: 'Yes', rowId: 'yes' };
  const options = [{ optionName: 'Yes' }, { optionName: 'No' }];
  return {
    extended: { extendedTextMessage: { text } },
    template: { templateMessage: { hydratedTemplate: { hydratedContentText: text } } },
    buttons: { buttonsMessage: { contentText: text, buttons: [button], headerType: 1 } },
    list: { listMessage: { title: text, buttonText: 'Choose', listType: 1, sections: [{ rows: [row] }] } },
    interactive: { interactiveMessage: { body: { text } } },
    buttonAnswer: { buttonsResponseMessage: { selectedButtonId: 'yes', selectedDisplayText: text, type: 1 } },
    templateAnswer: { templateButtonReplyMessage: { selectedId: 'yes', selectedDisplayText: text } },
    listAnswer: {
      listResponseMessage: { title: text, listType: 1, singleSelectReply: { selectedRowId: 'yes' } },
    },
    interactiveAnswer: { interactiveResponseMessage: { body: { text } } },
    poll: { pollCreationMessageV3: { name: text, options, selectableOptionsCount: 1 } },
    event: { eventMessage: { name: text, startTime: 1_800_000_000 } },
    contact: { contactMessage: { displayName: text, vcard: 'BEGIN:VCARD\nVERSION:3.0\nEND:VCARD' } },
    contacts: { contactsArrayMessage: { displayName: text, contacts: [] } },
    location: { locationMessage: location },
    liveLocation: { liveLocationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.4, caption: text } },
    groupInvite: {
      groupInviteMessage: { groupJid: '120363000000000001@g.us', inviteCode: 'code', caption: text },
    },
    product: { productMessage: { product: { title: text }, body: text } },
  };
}

/** The fields of a message that hold another message (`FutureProofMessage`), as rc14 of Baileys knows them. */
export const WRAPPERS = [
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'ephemeralMessage',
  'documentWithCaptionMessage',
  'editedMessage',
  'groupMentionedMessage',
  'botInvokeMessage',
  'lottieStickerMessage',
  'eventCoverImage',
  'statusMentionMessage',
  'pollCreationOptionImageMessage',
  'associatedChildMessage',
  'groupStatusMentionMessage',
  'pollCreationMessageV4',
  'statusAddYours',
  'groupStatusMessage',
  'groupStatusMessageV2',
  'limitSharingMessage',
  'botTaskMessage',
  'questionMessage',
  'botForwardedMessage',
  'questionReplyMessage',
] as const satisfies readonly (keyof proto.IMessage)[];

/** Puts a message into wrappers, the first one outermost. */
export function wrapped(message: proto.IMessage, ...wrappers: (typeof WRAPPERS)[number][]): proto.IMessage {
  return wrappers.reduceRight<proto.IMessage>((inner, field) => ({ [field]: { message: inner } }), message);
}
