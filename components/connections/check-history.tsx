import { formatDistanceStrict } from "date-fns";
import { cx } from "@/components/ui/class-names";
import { type CheckHistory, historyLength } from "@/lib/connections/schema";

/**
 * The last checks as a picture: a full bar for passed, a half bar for failed, a dot for a check that has not
 * run yet.
 */
export function CheckHistoryPicture({ history }: { history: CheckHistory }) {
  if (history.length === 0) return null;
  const missing = Array.from({ length: historyLength - history.length }, (_, index) => ({
    key: index,
    look: "",
  }));
  const bars = history.map(({ ok, at }) => ({ key: at.getTime(), look: ok ? "passed" : "failed" }));
  return (
    <span
      role="img"
      aria-label={historyText(history, new Date())}
      title={historyText(history, new Date())}
      className="flex h-4 items-end gap-px"
    >
      {[...missing, ...bars].map(({ key, look }) => (
        <span
          key={key}
          className={cx(
            "w-0.75 rounded-[1px]",
            look === "passed" && "h-4 bg-success-text opacity-60",
            look === "failed" && "h-2 bg-danger-text",
            look === "" && "h-0.75 bg-line",
          )}
        />
      ))}
    </span>
  );
}

/** The picture in words, such as “27 of the last 30 checks passed; failing for 2 hours”. */
export function historyText(history: CheckHistory, now: Date): string {
  const passed = history.filter(({ ok }) => ok).length;
  const newest = history.at(-1);
  const counted = history.length === 1 ? "1 check" : `the last ${history.length} checks`;
  const said = `${passed} of ${counted} passed`;
  if (newest === undefined || newest.ok) return said;
  const lastPassed = history.findLastIndex(({ ok }) => ok);
  const began = history[lastPassed + 1] ?? newest;
  return `${said}; failing for ${formatDistanceStrict(began.at, now)}`;
}
