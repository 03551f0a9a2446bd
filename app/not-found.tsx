import type { Metadata } from "next";
import { AuthFrame } from "@/components/shell/auth-frame";
import { ButtonLink } from "@/components/ui/button";

export const metadata: Metadata = { title: "Not found" };

export default function NotFoundPage() {
  return (
    <AuthFrame
      title="Not found"
      description="There is nothing at this address, or it belongs to a team that you are not in."
    >
      <ButtonLink href="/metadata" variant="primary">
        Go to Metadata
      </ButtonLink>
    </AuthFrame>
  );
}
