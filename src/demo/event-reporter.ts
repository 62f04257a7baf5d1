import { isAboutCommand, isNoteworthy, withoutFacts } from './bot-lines.ts';
import type { Screen } from './demo-window.ts';
import { type News, newsLines } from './event-lines.ts';
import type { Stage } from './stage.ts';

/** Shows what happens by itself as it comes: answers, the bot's important lines, its end. */
export class Reporter {
  /** Whether every line of the bot's log is shown. */
  isFollowing = false;
  readonly #screen: Screen;
  /** Lines that were shown since the last start or connection: a flapping network says the same again and again. */
  readonly #shown = new Set<string>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  listenTo(stage: Stage): void {
    stage.on('news', (news) => {
      if (this.#isWorthIt(news)) this.#screen.print(newsLines(news, this.#screen.look));
    });
  }

  #isWorthIt(news: News): boolean {
    if (news.kind === 'opened' || news.kind === 'started') this.#shown.clear();
    if (news.kind !== 'log' || this.isFollowing) return true;
    const text = withoutFacts(news.line);
    if (!isNoteworthy(text) || this.#shown.has(text)) return false;
    if (!isAboutCommand(text)) this.#shown.add(text);
    return true;
  }
}
