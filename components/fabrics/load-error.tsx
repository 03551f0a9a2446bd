"use client";

import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";

/** A list's error state: it could not be loaded. */
export function LoadError({ what, onRetry }: { what: string; onRetry: () => void }) {
  return (
    <Banner
      tone="danger"
      title={`${what} could not be loaded`}
      isLive
      action={
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      If you just saved something, try again to see whether it was saved. If this keeps failing, tell an
      operator of Selvage. The log of web names the cause.
    </Banner>
  );
}
