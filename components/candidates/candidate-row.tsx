import { CircleCheck, CircleDashed, CircleX, Hourglass, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import type { RowProgress } from "@/components/candidates/use-connection-checks";
import { formatDuration } from "@/components/connections/duration";
import { KindTile } from "@/components/connections/kind-tile";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CandidateConnection, KindWords, Verdict } from "@/lib/candidates/schema";
import { checkTexts, stepTitle } from "@/lib/connectors/check-texts";

const looks = {
  passed: { Icon: CircleCheck, className: "text-success-text", word: "Accepts it", current: "Connected" },
  refused: { Icon: CircleX, className: "text-danger-text", word: "Refuses it", current: "Disconnected" },
  untried: { Icon: Hourglass, className: "text-warning-text", word: "Not tried", current: "Not tried" },
  unchecked: {
    Icon: CircleDashed,
    className: "text-faint",
    word: "Not checked yet",
    current: "Not checked yet",
  },
} as const satisfies Record<Verdict, unknown>;

/** One connection with its verdict on a new value, live while it is checked. */
export function CandidateRow({
  fabricId,
  connection: { id, name, kind, result, status, request },
  words = { fields: {}, stepTitles: {} },
  verdict,
  progress,
  isCurrent = false,
  children,
}: {
  fabricId: string;
  connection: Pick<CandidateConnection, "id" | "name" | "kind" | "result" | "status" | "request">;
  words?: KindWords | undefined;
  verdict: Verdict;
  /** Null when no check of this page is under way. */
  progress: RowProgress | null;
  /** True once the value is the current one. */
  isCurrent?: boolean;
  /** What can be done about it. */
  children?: ReactNode;
}) {
  const isActive = progress !== null && progress.phase !== "done";
  const { Icon, className, word, current } = looks[verdict];
  const failsToo = !isCurrent && verdict === "refused" && status.state === "disconnected";
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 py-2.5 [overflow-wrap:anywhere]">
      <span className="flex min-w-0 flex-1 basis-60 items-center gap-3">
        <span
          className={cx("[&_svg]:size-5", isActive ? "text-accent-text [&_svg]:animate-spin" : className)}
        >
          {isActive ? <LoaderCircle aria-hidden /> : <Icon aria-hidden />}
        </span>
        <KindTile kind={kind} />
        <Link
          href={`/metadata/fabrics/${fabricId}/connections/${id}`}
          className="min-w-0 rounded-sm font-medium text-accent-text hover:underline"
        >
          {name}
        </Link>
      </span>
      <span className="min-w-0 flex-1 basis-60 pl-8 sm:pl-0">
        {isActive ? (
          <span className="text-muted">
            {progress.phase === "running" ? `${stepTitle(progress.step, words)} …` : "Waiting …"}
          </span>
        ) : (
          <>
            <span className="font-medium text-ink">{isCurrent ? current : word}</span>
            {result && <Finding verdict={verdict} result={result} words={words} request={request} />}
            {failsToo && (
              <span className="block text-muted text-sm">It fails with the current value, too.</span>
            )}
          </>
        )}
      </span>
      {children}
    </li>
  );
}

function Finding({
  verdict,
  result: { code, field, durationMs },
  words,
  request,
}: {
  verdict: Verdict;
  words: KindWords;
  request: CandidateConnection["request"];
  result: Pick<NonNullable<CandidateConnection["result"]>, "code" | "field" | "durationMs">;
}) {
  if (verdict === "passed" || code === null)
    return <span className="text-faint text-sm"> {formatDuration(durationMs)}</span>;
  if (code === "destination_not_allowed")
    return (
      <span className="block text-muted text-sm">
        {request ? (
          <>
            Waiting for approval, requested by {request.askedByName} <RelativeTime date={request.askedAt} />.
          </>
        ) : (
          "Its destination was not allowed."
        )}
      </span>
    );
  return (
    <span className="block text-muted text-sm">
      {checkTexts[code].title}
      {field && (
        <>
          {" "}
          Field: <span className="font-medium text-ink">{words.fields[field] ?? field}</span>
        </>
      )}
    </span>
  );
}
