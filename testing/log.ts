/** Takes web's log instead of standard output: each line is pushed to `lines`. */
export function captureLog(lines: string[]): void {
  const shared = globalThis as typeof globalThis & { selvageLog?: object };
  shared.selvageLog = { write: (line: string) => void lines.push(line), flush: async () => {} };
}
