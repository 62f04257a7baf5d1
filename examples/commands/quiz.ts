/** A quiz of three questions by poll, with the points in the end. Copy it to `src/commands/`. */
import { command } from '../../src/bot/command.ts';

const QUESTIONS = [
  { question: 'How many legs has a spider?', options: ['six', 'eight', 'ten'], right: 'eight' },
  { question: 'What is the capital of Australia?', options: ['Canberra', 'Sydney'], right: 'Canberra' },
  { question: 'Which planet is the largest?', options: ['Saturn', 'Jupiter', 'Earth'], right: 'Jupiter' },
] as const;

export default command({
  name: 'quiz',
  summary: 'asks three questions',
  whenOpen: 'first',
  async run(ctx) {
    let points = 0;
    for (const { question, options, right } of QUESTIONS) {
      const answer = await ctx.choose<string>(question, options);
      if (answer === right) points += 1;
      await ctx.send(answer === right ? 'Right!' : `No, it is ${right}.`);
    }
    const best = await ctx.step('best', () =>
      ctx.personState.update('quiz', (old) => Math.max(points, typeof old === 'number' ? old : 0), {
        ttlMs: 30 * 86_400_000,
      }),
    );
    await ctx.reply(`You have ${points} of ${QUESTIONS.length} points. Your best is ${best}.`);
  },
});
