import type { withProgress } from "@/components/candidates/with-progress";

type Rows = ReturnType<typeof withProgress>;

/** How many connections accept a value, in one sentence that grows while the checks run. */
export function VerdictSummary({ rows, isRunning }: { rows: Rows; isRunning: boolean }) {
  const count = (verdict: Rows[number]["verdict"]) => rows.filter((row) => row.verdict === verdict).length;
  const [passed, refused, untried] = [count("passed"), count("refused"), count("untried")];
  const isAll = passed === rows.length;
  const parts = [
    `${passed} of ${rows.length} ${rows.length === 1 ? "connection accepts" : "connections accept"} it`,
    ...(refused > 0 ? [`${refused} ${refused === 1 ? "refuses" : "refuse"} it`] : []),
    ...(untried > 0 ? [`${untried} not tried`] : []),
  ];
  return (
    <p role="status" className="font-medium text-ink">
      {isAll && !isRunning
        ? rows.length === 1
          ? "The connection accepts it."
          : `All ${rows.length} connections accept it.`
        : `${parts.join(", ")}${isRunning ? " …" : "."}`}
    </p>
  );
}
