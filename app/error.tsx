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
      title="This page could not be loaded"
      description="Something went wrong. If you just saved something, try again to see whether it was saved."
    >
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" onClick={retry}>
          Try again
        </Button>
        <ButtonLink href="/metadata">Go to Metadata</ButtonLink>
      </div>
      {error.digest && (
        <p className="mt-4 text-muted text-sm">Error code for an operator of Selvage: {error.digest}</p>
      )}
    </AuthFrame>
  );
}
