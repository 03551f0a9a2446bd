import { Badge } from "@/components/ui/badge";
import { type Provider, providers } from "@/lib/fabrics/schema";

/** The fabric's provider. Renders nothing for a fabric without one. */
export function ProviderBadge({ provider }: { provider: Provider }) {
  return provider === "none" ? null : <Badge tone="accent">{providers[provider]}</Badge>;
}
