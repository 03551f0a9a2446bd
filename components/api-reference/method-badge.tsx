import { Badge } from "@/components/ui/badge";
import type { ReferenceOperation } from "@/web/management-api/schema";

const tones = { GET: "neutral", POST: "success", PUT: "warning", DELETE: "danger" } as const;

export function MethodBadge({ method }: { method: ReferenceOperation["method"] }) {
  return (
    <span className="w-16 shrink-0">
      <Badge tone={tones[method]}>{method}</Badge>
    </span>
  );
}
