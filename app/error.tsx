"use client";

import { AuthFrame } from "@/components/shell/auth-frame";
import { Button, ButtonLink } from "@/components/ui/button";

export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  return (
    <AuthFrame
      title="This page did not load"
      description="Something failed on our side. Nothing was changed."
    >
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" onClick={reset}>
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
