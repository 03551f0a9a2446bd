import type { Metadata } from "next";
import { AuthFrame } from "@/components/shell/auth-frame";
import { ButtonLink } from "@/components/ui/button";

export const metadata: Metadata = { title: "Not found" };

export default function NotFoundPage() {
  return (
    <AuthFrame
      title="Not found"
      description="This page does not exist, or it belongs to a team that you are not a member of."
    >
      <ButtonLink href="/metadata" variant="primary">
        Go to Metadata
      </ButtonLink>
    </AuthFrame>
  );
}
