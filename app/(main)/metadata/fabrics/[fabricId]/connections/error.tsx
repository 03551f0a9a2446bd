"use client";

import { LoadError } from "@/components/fabrics/load-error";

export default function ConnectionsError({ retry }: { retry: () => void }) {
  return <LoadError what="The fabric’s connections" onRetry={retry} />;
}
