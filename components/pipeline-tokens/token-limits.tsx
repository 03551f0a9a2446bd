import { Breakable } from "@/components/ui/breakable";
import type { LimitSummary } from "@/lib/pipeline-tokens/schema";

export function TokenLimits({
  limits: { secrets, connections, pinned, cidrs, isLimited },
}: {
  limits: LimitSummary;
}) {
  if (!isLimited) return "All secrets, any address";
  return (
    <ul className="flex flex-col gap-0.5 md:max-w-36 xl:max-w-48">
      {secrets.length > 0 && (
        <li className="wrap-anywhere">
          <Breakable text={`Secrets: ${secrets.join(", ")}`} />
        </li>
      )}
      {connections.length > 0 && (
        <li className="wrap-anywhere">
          <Breakable text={`Connections: ${connections.join(", ")}`} />
          {pinned.length > 0 && <Breakable text={`, with the secrets ${pinned.join(", ")}`} />}
        </li>
      )}
      {cidrs.length > 0 && <li className="wrap-anywhere">From: {cidrs.join(", ")}</li>}
    </ul>
  );
}
