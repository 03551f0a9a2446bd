import { Banner } from "@/components/ui/banner";

/** The error of the form as a whole. Screen readers announce it when it appears. */
export function FormError({ error }: { error: string | null }) {
  if (!error) return null;
  return (
    <Banner tone="danger" isLive>
      {error}
    </Banner>
  );
}
