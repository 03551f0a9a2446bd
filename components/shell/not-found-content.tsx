import { ButtonLink } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";

/** The content of a page that does not exist for the signed-in person. */
export function NotFoundContent() {
  return (
    <>
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
