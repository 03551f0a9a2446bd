"use client";

import { LoadError } from "@/components/fabrics/load-error";

export default function FabricError({ retry }: { retry: () => void }) {
  return <LoadError what="This tab" onRetry={retry} />;
}
