import { processState } from "@/lib/process-state";

/** Redirects web's log from standard output: pushes each line to `lines`. */
export function captureLog(lines: string[]): void {
  processState<{ log: object }>().log = {
    write: (line: string) => void lines.push(line),
    flush: async () => {},
  };
}
