import { vi } from 'vitest';

/** Until `vi.restoreAllMocks()`. libsignal prints session records. */
export function silenceConsole(): void {
  for (const method of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
}
