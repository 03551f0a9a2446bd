import { Day } from "@/components/ui/day";
import type { Expiry } from "@/lib/expiry/schema";

const sources: Record<Expiry["source"], string> = {
  entered: "",
  certificate: "from the certificate",
  token: "from the token",
  signature: "from the signature",
  key: "from the key",
};

/** "7 December 2026, from the certificate". An entered day is the same day everywhere. */
export function ExpiryDate({
  expiry: { at, source },
  withSource = false,
}: {
  expiry: Expiry;
  withSource?: boolean;
}) {
  return (
    <>
      <Day date={at} {...(source === "entered" ? { timeZone: "UTC" } : {})} />
      {withSource && sources[source] !== "" && `, ${sources[source]}`}
    </>
  );
}
