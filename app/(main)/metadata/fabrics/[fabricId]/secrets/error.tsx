"use client";

import { LoadError } from "@/components/fabrics/load-error";

export default function SecretsError({ retry }: { retry: () => void }) {
  return <LoadError what="The fabric’s secrets" onRetry={retry} />;
}
