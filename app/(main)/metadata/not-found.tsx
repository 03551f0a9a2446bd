import { ButtonLink } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";

export default function NotFound() {
  return (
    <>
      {/* Set here, not as metadata: Next resolves no metadata when generating the title itself throws "not
          found". */}
      <title>Not found · Selvage</title>
      <PageHeader
        title="Not found"
        description="This page does not exist, or it belongs to a team that you are not a member of."
      />
      <ButtonLink href="/metadata" variant="primary" className="self-start">
        Go to Metadata
      </ButtonLink>
    </>
  );
}
