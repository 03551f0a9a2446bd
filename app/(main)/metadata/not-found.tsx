import { NotFoundContent } from "@/components/shell/not-found-content";

export default function NotFound() {
  return (
    <>
      {/* Set here, not as metadata: Next resolves no metadata when generating the title itself throws "not
          found". */}
      <title>Not found · Selvage</title>
      <NotFoundContent />
    </>
  );
}
