import { Badge } from "@/components/ui/badge";
import { type MemberRole, roleNames } from "@/lib/teams/schema";

const tones = { admin: "accent", user: "neutral" } as const;

/** A member's role. */
export function RoleBadge({ role }: { role: MemberRole }) {
  return <Badge tone={tones[role]}>{roleNames[role]}</Badge>;
}
