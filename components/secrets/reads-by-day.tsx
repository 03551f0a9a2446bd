import { cx } from "@/components/ui/class-names";

const dayMs = 24 * 60 * 60_000;

/** The reads of a secret by pipelines as a bar for each day, oldest first. Days are in UTC. */
export function ReadsByDay({ days, today }: { days: readonly number[]; today: Date }) {
  const most = Math.max(...days);
  const total = days.reduce((sum, reads) => sum + reads, 0);
  const dateOf = (at: number) => dayText(new Date(today.getTime() - (days.length - 1 - at) * dayMs));
  const busiest = days.indexOf(most);
  const summary =
    total === 0
      ? `No pipeline has read it in the last ${days.length} days.`
      : `${readsOf(total)} by pipelines in the last ${days.length} days`;
  return (
    <figure className="flex flex-col gap-1.5">
      <figcaption className="text-muted text-sm">{summary}</figcaption>
      {total > 0 && (
        <>
          <div
            role="img"
            aria-label={`${summary}. Most on ${dateOf(busiest)}: ${readsOf(most)}.`}
            className="flex h-12 items-end gap-px sm:gap-0.5"
          >
            {days.map((reads, at) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: a day has no other identity
                key={at}
                title={`${dateOf(at)}: ${readsOf(reads)}`}
                className="flex h-full min-w-0 flex-1 items-end"
              >
                <span
                  className={cx("w-full rounded-t-[2px]", reads > 0 ? "bg-accent" : "h-px bg-line")}
                  style={reads > 0 ? { height: `${Math.max(8, (reads / most) * 100)}%` } : undefined}
                />
              </span>
            ))}
          </div>
          <div aria-hidden className="flex justify-between text-faint text-xs">
            <span>{dateOf(0)}</span>
            <span>today</span>
          </div>
        </>
      )}
    </figure>
  );
}

function readsOf(count: number): string {
  return count === 1 ? "1 read" : `${count.toLocaleString("en-US")} reads`;
}

/** "12 Nov". */
function dayText(day: Date): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(day);
}
