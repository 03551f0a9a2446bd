import { Badge } from "@/components/ui/badge";
import { type Provider, providers } from "@/lib/fabrics/schema";

export function ProviderBadge({ provider }: { provider: Provider }) {
  return <Badge tone={provider === "none" ? "neutral" : "accent"}>{providers[provider]}</Badge>;
}
