import { Breakable } from "@/components/ui/breakable";
import type { LimitSummary } from "@/lib/pipeline-tokens/schema";

export function TokenLimits({
  limits: { secrets, connections, pinned, cidrs, isLimited },
}: {
  limits: LimitSummary;
}) {
  if (!isLimited) return "All secrets, any address";
  return (
    <ul className="flex flex-col gap-0.5">
      {secrets.length > 0 && (
        <li>
          <Breakable text={`Secrets: ${secrets.join(", ")}`} />
        </li>
      )}
      {connections.length > 0 && (
        <li>
          <Breakable text={`Connections: ${connections.join(", ")}`} />
          {pinned.length > 0 && <Breakable text={`, with the secrets ${pinned.join(", ")}`} />}
        </li>
      )}
      {cidrs.length > 0 && <li>From: {cidrs.join(", ")}</li>}
    </ul>
  );
}
