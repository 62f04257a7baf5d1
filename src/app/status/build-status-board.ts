import type { StatusBoard, StatusBoardParts } from './status-board.ts';

/** What only a status page needs is loaded if there is one: its packages take a tenth of a second. */
export async function buildStatusBoard(
  hasPage: boolean,
  parts: StatusBoardParts,
): Promise<StatusBoard | undefined> {
  if (!hasPage) return undefined;
  const { StatusBoard } = await import('./status-board.ts');
  return new StatusBoard(parts);
}
