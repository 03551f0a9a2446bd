"use client";

import { AuthFrame } from "@/components/shell/auth-frame";
import { Button, ButtonLink } from "@/components/ui/button";

export default function ErrorPage({
  error,
  retry,
}: {
  error: Error & { digest?: string };
  retry: () => void;
}) {
  return (
    <AuthFrame
      title="This page did not load"
      description="Something failed on our side. If you just saved something, try again to see whether it is there."
    >
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" onClick={retry}>
          Try again
        </Button>
        <ButtonLink href="/metadata">Go to Metadata</ButtonLink>
      </div>
      {error.digest && (
        <p className="mt-4 text-muted text-sm">For an operator of Selvage: error {error.digest}</p>
      )}
    </AuthFrame>
  );
}
