"use client";

import { LoadError } from "@/components/fabrics/load-error";

export default function MetadataError({ retry }: { retry: () => void }) {
  return <LoadError what="This page" onRetry={retry} />;
}
