import qrcodeTerminal from 'qrcode-terminal';

export const QR_HEADING = '=== SCAN THIS QR CODE WITH WHATSAPP ===';

/** Light modules around the code: the standard wants four; a narrow window gets one, which cameras read as well. */
const WIDE_MARGIN = 4;
const NARROW_MARGIN = 1;

/**
 * Black on white in every theme: colors 16 and 231 of the 256 are fixed, and a theme may only change the first 16.
 * Erasing to the end of the line would paint the rest of the window, so every line has its own margin.
 */
const PAPER = '\u001b[38;5;16;48;5;231m';
const PLAIN = '\u001b[0m';

/** The library draws the light modules. Black on white, the dark ones are drawn, so every block is inverted. */
const INK: Readonly<Record<string, string>> = { '█': ' ', ' ': '█', '▀': '▄', '▄': '▀' };

export interface QrLook {
  /** Width of the terminal; undefined if there is no terminal. */
  readonly columns: number | undefined;
  /** Whether escape codes may be used: a terminal, and no NO_COLOR. */
  readonly isColorful: boolean;
  /** The path of the code as a picture, if there is one: it is named if the window is too narrow. */
  readonly pngPath: string | undefined;
}

/** The library's own half blocks, two modules high: a margin of one, error correction L, so as small as it gets. */
function drawPlain(text: string): readonly string[] {
  let drawn = '';
  qrcodeTerminal.generate(text, { small: true }, (block) => {
    drawn = block;
  });
  return drawn.split('\n').filter((line) => line !== '');
}

/** The same in black on white, with the widest margin that fits. */
function drawOnPaper(plain: readonly string[], columns: number | undefined): readonly string[] {
  const width = plain[0]?.length ?? 0;
  const room = columns ?? Number.POSITIVE_INFINITY;
  const margin = width + 2 * (WIDE_MARGIN - NARROW_MARGIN) <= room ? WIDE_MARGIN : NARROW_MARGIN;
  const side = ' '.repeat(margin - NARROW_MARGIN);
  const blank = ' '.repeat(width + 2 * side.length);
  // The library's first line is the lower half of the margin. Black on white it is a blank line.
  const code = plain
    .slice(1)
    .map((line) => side + [...line].map((block) => INK[block] ?? block).join('') + side);
  const above = Array<string>(margin === WIDE_MARGIN ? 2 : 1).fill(blank);
  return [...above, ...code, ...above].map((line) => PAPER + line + PLAIN);
}

/** Whether a block of `renderQr` has the code, and not the line that says why not. */
export const isDrawn = (block: string): boolean => /[█▀▄]/.test(block);

/**
 * The block to print for a QR: its heading, and the code, or one line that says why not. Ends with a line feed.
 * In color it is black on white on light and dark terminals alike; without, it is light blocks only, which a
 * camera reads on a dark ground (`docker logs`).
 */
export function renderQr(text: string, look: QrLook): string {
  const plain = drawPlain(text);
  const width = plain[0]?.length ?? 0;
  if (look.columns !== undefined && look.columns < width) {
    const instead = look.pngPath === undefined ? '' : `, or open ${look.pngPath}`;
    return `${QR_HEADING}\nThis window has ${look.columns} columns, the code needs ${width}: make it wider${instead}\n`;
  }
  const lines = look.isColorful ? drawOnPaper(plain, look.columns) : plain;
  return `${QR_HEADING}\n${lines.join('\n')}\n`;
}
