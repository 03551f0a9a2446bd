import { Banner } from "@/components/ui/banner";

/** What went wrong with the form as a whole, read out when it appears. */
export function FormError({ error }: { error: string | null }) {
  if (!error) return null;
  return (
    <Banner tone="danger" isLive>
      {error}
    </Banner>
  );
}
