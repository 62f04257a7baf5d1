/** What the header of a picture says. The sender chose it, so it may be wrong; a decoder checks it. */
export interface PictureSize {
  readonly format: 'jpeg' | 'png' | 'webp' | 'gif';
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bitsPerChannel: number;
  /** Whether a decoder must hold the whole picture at once: interlaced PNG, progressive JPEG. */
  readonly isInterlaced: boolean;
}

/** Reads the header of a JPEG, PNG, WebP or GIF. Undefined if the bytes are none of these, or the header is cut off. */
export function readPictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.readUInt32BE(0) === 0x89504e47) return readPng(view);
    if (view.readUInt16BE(0) === 0xffd8) return readJpeg(view);
    if (view.toString('latin1', 0, 4) === 'GIF8') return readGif(view);
    if (view.toString('latin1', 0, 4) === 'RIFF' && view.toString('latin1', 8, 12) === 'WEBP')
      return readWebp(view);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * How many bytes a decoder needs for the picture at most: width × height × channels × bits / 8. An interlaced picture
 * counts twice, because a decoder holds its passes as well as its rows.
 */
export function decodedBytes(size: PictureSize): number {
  const { width, height, channels, bitsPerChannel, isInterlaced } = size;
  return width * height * channels * Math.ceil(bitsPerChannel / 8) * (isInterlaced ? 2 : 1);
}

/** https://www.w3.org/TR/png/#11IHDR; a palette is decoded to four channels. */
function readPng(view: Buffer): PictureSize {
  const channels = { 0: 1, 2: 3, 3: 4, 4: 2, 6: 4 }[view.readUInt8(25)] ?? 4;
  return {
    format: 'png',
    width: view.readUInt32BE(16),
    height: view.readUInt32BE(20),
    channels,
    bitsPerChannel: view.readUInt8(24),
    isInterlaced: view.readUInt8(28) !== 0,
  };
}

/** ITU T.81, B.2.2: the frame header is the first segment SOF0 to SOF15, except DHT, JPG and DAC. */
function readJpeg(view: Buffer): PictureSize | undefined {
  for (let at = 2; ; ) {
    if (view.readUInt8(at) !== 0xff) return undefined;
    const marker = view.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return {
        format: 'jpeg',
        bitsPerChannel: view.readUInt8(at + 4),
        height: view.readUInt16BE(at + 5),
        width: view.readUInt16BE(at + 7),
        channels: view.readUInt8(at + 9),
        // Baseline and sequential frames are read row by row; all others are not.
        isInterlaced: marker > 0xc1,
      };
    }
    at += 2 + view.readUInt16BE(at + 2);
  }
}

/** https://developers.google.com/speed/webp/docs/riff_container; WebP is decoded to four channels. */
function readWebp(view: Buffer): PictureSize | undefined {
  const rest = { format: 'webp', channels: 4, bitsPerChannel: 8, isInterlaced: false } as const;
  switch (view.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { ...rest, width: view.readUInt16LE(26) & 0x3fff, height: view.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = view.readUInt32LE(21);
      return { ...rest, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { ...rest, width: view.readUIntLE(24, 3) + 1, height: view.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** The logical screen: a decoder holds one frame of this size in four channels. */
function readGif(view: Buffer): PictureSize {
  return {
    format: 'gif',
    width: view.readUInt16LE(6),
    height: view.readUInt16LE(8),
    channels: 4,
    bitsPerChannel: 8,
    isInterlaced: false,
  };
}
