/**
 * A chatbot with a stand-in for a language model: answers free text in direct chats, word by word, and remembers the
 * last messages of each chat. Copy it to `src/listeners/`.
 */
import { listener } from '../../src/bot/listener.ts';

interface Turn {
  readonly from: 'person' | 'bot';
  readonly text: string;
}

const MAX_TURNS = 10;

export default listener({
  on: 'message',
  in: 'direct',
  async run(ctx) {
    ctx.typing();
    const past = turnsIn(ctx.state.get('chatbot'));
    // Kept, so that the model is not asked again after a kill.
    const answer = await ctx.step('model', () => askModel(past, ctx.text));
    await ctx.stream(words(answer));
    const turns: Turn[] = [
      ...past,
      { from: 'person', text: ctx.text.slice(0, 300) },
      { from: 'bot', text: answer },
    ];
    await ctx.state.set('chatbot', turns.slice(-MAX_TURNS));
  },
});

/** In place of a request to a language model. */
async function askModel(past: readonly Turn[], text: string): Promise<string> {
  const said = past.filter(({ from }) => from === 'person').length;
  const before = past.findLast(({ from }) => from === 'person')?.text;
  const memory = before === undefined ? 'We have just met.' : `Before that you said "${before}".`;
  return `That is message ${said + 1}, and you say "${text.slice(0, 300)}". ${memory}`;
}

async function* words(text: string): AsyncGenerator<string> {
  for (const word of text.split(/(?<= )/)) yield word;
}

function turnsIn(value: unknown): readonly Turn[] {
  return Array.isArray(value) ? (value as Turn[]) : [];
}
