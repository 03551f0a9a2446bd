"use client";

import { CloudAlert } from "lucide-react";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

export default function SecretsError({ retry }: { retry: () => void }) {
  return (
    <div role="alert">
      <EmptyState
        icon={<CloudAlert />}
        title="The secrets could not be loaded"
        action={<Button onClick={retry}>Try again</Button>}
      >
        Nothing is lost. Try again in a moment; if it goes on, tell whoever runs Selvage.
      </EmptyState>
    </div>
  );
}
