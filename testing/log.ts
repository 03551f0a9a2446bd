/** Redirects web's log from standard output: pushes each line to `lines`. */
export function captureLog(lines: string[]): void {
  const shared = globalThis as typeof globalThis & { selvageLog?: object };
  shared.selvageLog = { write: (line: string) => void lines.push(line), flush: async () => {} };
}
