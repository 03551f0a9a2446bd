import type { Metadata } from "next";
import { ApiReference } from "@/components/api-reference/api-reference";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/next/require-scope";
import { referenceOperations } from "@/web/management-api/reference";

export const metadata: Metadata = { title: "API reference" };

export default async function ApiReferencePage() {
  await requireActor();
  return (
    <>
      <PageHeader
        title="API reference"
        description={
          <>
            Send an access token in the header <code className="font-mono text-sm">X-AUTH-TOKEN</code>, or as{" "}
            <code className="font-mono text-sm">Authorization: Bearer</code>. For client generators, the
            OpenAPI document is at{" "}
            <a className="text-accent-text underline" href="/api/openapi.json">
              /api/openapi.json
            </a>
            .
          </>
        }
      />
      <ApiReference operations={referenceOperations()} />
    </>
  );
}
